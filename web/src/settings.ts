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

// Told only to the other windows, not to the one that changed something.
window.addEventListener("storage", (event) => {
  if (event.key === KEY || event.key === null) settings.set(kept(DEFAULTS));
});

/** What the device keeps, or else `otherwise`. */
function kept(otherwise: Settings): Settings {
  try {
    const text = localStorage.getItem(KEY);
    return text === null ? otherwise : { ...DEFAULTS, ...(JSON.parse(text) as Partial<Settings>) };
  } catch {
    return otherwise;
  }
}
