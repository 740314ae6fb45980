import { h } from "../dom";
import { change, settings } from "../settings";
import type { Settings } from "../settings";

/** The settings that are on or off. */
type Switch = { [K in keyof Settings]: Settings[K] extends boolean ? K : never }[keyof Settings];

/** A switch for a setting, with its words, and what it does in smaller ones. It follows the setting wherever it changes. */
export function toggle(setting: Switch, label: string, hint: string, changed?: (on: boolean) => void): HTMLLabelElement {
  const input = h("input", {
    type: "checkbox",
    role: "switch",
    onchange: () => {
      change({ [setting]: input.checked });
      changed?.(input.checked);
    },
  });
  settings.watch((value) => (input.checked = value[setting]));
  const words = h("span", { class: "toggle-words" }, h("span", {}, label), hint ? h("small", {}, hint) : null);
  return h("label", { class: "toggle" }, words, input);
}
