/** The line of speed figures over the picture. */
import { h } from "../dom";
import { settings } from "../settings";
import { decimal, strings } from "../strings";
import type { Figures } from "./live";
import { setText } from "./result";

const words = strings.camera;

export class SpeedFigures {
  readonly element = h("p", { class: "figures" });

  constructor() {
    settings.watch(({ figures }) => (this.element.hidden = !figures));
  }

  show({ rate, steps, resting }: Figures): void {
    if (this.element.hidden) return;
    const { grab, find, crop, read } = words;
    const times = [`${grab} ${decimal(steps.grab, 1)}`, `${find} ${decimal(steps.detect, 1)}`, `${crop} ${decimal(steps.crop, 1)}`, words.time(`${read} ${decimal(steps.read, 1)}`)];
    setText(this.element, [words.rate(decimal(rate, 0)), ...times, ...(resting ? [words.resting] : [])].join(" · "));
  }

  clear(): void {
    setText(this.element, "");
  }
}
