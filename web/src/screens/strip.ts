/** Shares over time as stacked colours; a moment that is tapped is shown. */
import { coloursOf } from "../drawing";
import { h } from "../dom";
import { isStrange } from "../recognition/faces";
import { adjective, percent, strings } from "../strings";
import type { Moment } from "../timeline";

const HEIGHT = 44;
/** So often a strip is drawn, in milliseconds: it moves slowly, and there are frames to read meanwhile. */
const EVERY = 250;

export class Strip {
  readonly element: HTMLElement;
  private readonly canvas = h("canvas", { class: "strip-canvas", "aria-hidden": "true" });
  private readonly slider: HTMLInputElement;
  private from = 0;
  private to = 1;
  private drawnAt = -Infinity;

  /** choose: called with a time on the video's own clock. */
  constructor(label: string, choose: (time: number) => void) {
    this.slider = h("input", {
      type: "range",
      class: "strip-slider",
      min: "0",
      max: "1000",
      step: "1",
      "aria-label": label,
      oninput: () => choose(this.from + (Number(this.slider.value) / 1000) * (this.to - this.from)),
    });
    this.slider.value = "1000";
    this.element = h("div", { class: "strip" }, this.canvas, this.slider);
  }

  /** Whether it is time to draw it again, and anyone would see it. */
  get isDue(): boolean {
    return performance.now() - this.drawnAt >= EVERY && this.element.getClientRects().length > 0 && getComputedStyle(this.element).visibility !== "hidden";
  }

  /** Draws the moments between two times; `at`: where the slider stands. */
  draw(moments: readonly Moment[], classes: readonly string[], from: number, to: number, at: number): void {
    this.drawnAt = performance.now();
    this.from = from;
    this.to = Math.max(to, from + 0.001);
    const span = this.to - this.from;
    const unit = window.devicePixelRatio || 1;
    const width = Math.max(1, Math.round(this.canvas.clientWidth * unit));
    const height = HEIGHT * unit;
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    const context = this.canvas.getContext("2d")!;
    context.clearRect(0, 0, width, height);
    const colours = coloursOf(classes);
    let drawn = -1;
    moments.forEach(({ time, face }, i) => {
      if (!face || time < from || time > to) return;
      const left = ((time - from) / span) * width;
      // Of a long video many moments fall on one pixel.
      if (Math.floor(left) === drawn) return;
      drawn = Math.floor(left);
      const next = Math.min(moments[i + 1]?.time ?? time + 0.3, time + 1);
      const right = ((next - from) / span) * width;
      let top = height;
      face.reading.probabilities.forEach((share, place) => {
        context.fillStyle = colours[place]!;
        context.globalAlpha = isStrange(face.verdict) ? 0.35 : place === face.place ? 1 : 0.6;
        context.fillRect(left, top - share * height, Math.max(right - left, 1) + 0.5, share * height);
        top -= share * height;
      });
    });
    if (document.activeElement !== this.slider) this.slider.value = String(Math.round(((at - from) / span) * 1000));
  }

  /** What a screen reader hears of the moment that is shown. */
  describe(when: string, moment: Moment | null, classes: readonly string[]): void {
    const face = moment?.face;
    const word = !face ? strings.camera.noFace : face.place === null ? strings.result.unclear : adjective(classes[face.place]!);
    const share = face && face.place !== null ? percent(face.reading.probabilities[face.place]!) : "";
    this.slider.setAttribute("aria-valuetext", [when, word, share].filter(Boolean).join(", "));
  }
}
