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

export const settings = new Signal<Settings>(load());

export function change(part: Partial<Settings>): void {
  settings.set({ ...settings.value, ...part });
  try {
    localStorage.setItem(KEY, JSON.stringify(settings.value));
  } catch {
    // A browser that keeps nothing forgets the choice with the page.
  }
}

function load(): Settings {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Settings>) };
  } catch {
    return DEFAULTS;
  }
}
