/** What the user chose, kept on the device. */
import { Signal } from "./signal";

export interface Settings {
  readonly realTime: boolean;
  readonly smooth: boolean;
  readonly heat: boolean;
  readonly figures: boolean;
  readonly saver: boolean;
  readonly history: boolean;
  /** The name of the chosen model; null takes the default. */
  readonly model: string | null;
  /** Milliseconds a face on this device, by the model file's hash. */
  readonly speeds: Readonly<Record<string, number>>;
  /** The language's code; null takes the device's. */
  readonly language: string | null;
  /** Whether things move less than they could; null takes the device's own choice. */
  readonly calm: boolean | null;
  /** Faces read in a video, at most. */
  readonly faces: number;
  /** How long a face is averaged over, in seconds. */
  readonly memory: number;
  /** The share below which no expression is named; null takes the measured one. */
  readonly clear: number | null;
  /** Whether each expression is taken to be as frequent as any other, and not as it was in the training data. */
  readonly evenly: boolean;
  /** The picture before it is read: 1 leaves it as it is. */
  readonly brightness: number;
  readonly contrast: number;
  readonly mirror: boolean;
  /** Whether the phone's own engine is used where there is one. */
  readonly native: boolean;
}

const KEY = "mien";
const DEFAULTS: Settings = {
  realTime: true,
  smooth: true,
  heat: false,
  figures: false,
  saver: true,
  history: false,
  model: null,
  speeds: {},
  language: null,
  calm: null,
  faces: 10,
  memory: 0.35,
  clear: null,
  evenly: false,
  brightness: 1,
  contrast: 1,
  mirror: false,
  native: true,
};

const isOn = (value: unknown): boolean => typeof value === "boolean";
const isName = (value: unknown): boolean => value === null || (typeof value === "string" && value.length < 100);
const isBetween = (least: number, most: number) => (value: unknown): boolean => typeof value === "number" && value >= least && value <= most;
/** What a kept value has to be; one that is not is as good as none. */
const VALID: Readonly<Record<keyof Settings, (value: unknown) => boolean>> = {
  realTime: isOn,
  smooth: isOn,
  heat: isOn,
  figures: isOn,
  saver: isOn,
  history: isOn,
  model: isName,
  speeds: (value) => isRecord(value) && Object.values(value).every(isBetween(0, 1e6)),
  language: isName,
  calm: (value) => value === null || isOn(value),
  faces: (value) => Number.isInteger(value) && isBetween(1, 20)(value),
  memory: isBetween(0.05, 3),
  clear: (value) => value === null || isBetween(0, 1)(value),
  evenly: isOn,
  brightness: isBetween(0.25, 4),
  contrast: isBetween(0.25, 4),
  mirror: isOn,
  native: isOn,
};

export const settings = new Signal<Settings>(kept(DEFAULTS));

/** Changes a part; the rest is as it was last chosen, in whichever of the app's windows. */
export function change(part: Partial<Settings>): void {
  settings.set({ ...kept(settings.value), ...part });
  try {
    localStorage.setItem(KEY, JSON.stringify(settings.value));
  } catch {
    // A browser that keeps nothing forgets the choice with the page.
  }
}

/** Those settings of a kept text that are what they have to be; the others are the defaults. */
export function validated(text: string): Settings {
  let found: unknown = null;
  try {
    found = JSON.parse(text);
  } catch {
    return DEFAULTS;
  }
  if (!isRecord(found)) return DEFAULTS;
  const names = Object.keys(DEFAULTS) as (keyof Settings)[];
  return Object.fromEntries(names.map((name) => [name, Object.hasOwn(found, name) && VALID[name](found[name]) ? found[name] : DEFAULTS[name]])) as unknown as Settings;
}

// Told only to the other windows, not to the one that changed something.
if (typeof window !== "undefined") {
  window.addEventListener("storage", (event) => {
    if (event.key === KEY || event.key === null) settings.set(kept(DEFAULTS));
  });
}

/** What the device keeps, or else `otherwise`. */
function kept(otherwise: Settings): Settings {
  try {
    const text = localStorage.getItem(KEY);
    return text === null ? otherwise : validated(text);
  } catch {
    return otherwise;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
