/** The last 30 seconds of a live reading: a strip to look at, and a moment of it that is shown in the result's place. */
import { h } from "../dom";
import { strings } from "../strings";
import { Timeline } from "../timeline";
import type { Moment } from "../timeline";
import type { ResultPanel } from "./result";
import { Strip } from "./strip";

const words = strings.camera;
/** The strip's length, and how much is kept for a table, in seconds. */
const STRIP = 30;
const KEPT = 600;
/** A moment this near to the end, in seconds, is now. */
const NOW = 0.5;

export class Recent {
  readonly timeline = new Timeline(KEPT);
  readonly element: HTMLElement;
  private readonly strip = new Strip(words.strip, (time) => this.show(time));
  private readonly toNow = h("button", { type: "button", class: "to-now", hidden: true, onclick: () => this.show(null) }, words.now);
  private readonly result: ResultPanel;
  private classes: readonly string[] = [];
  /** The time that is looked at; null for now. */
  private time: number | null = null;

  constructor(result: ResultPanel) {
    this.result = result;
    this.element = h("div", { class: "recent" }, this.strip.element, this.toNow);
  }

  /** Whether the result shows what is read now. */
  get isNow(): boolean {
    return this.time === null;
  }

  clear(): void {
    this.timeline.clear();
    this.show(null);
  }

  add(moment: Moment, classes: readonly string[]): void {
    this.classes = classes;
    this.timeline.add(moment);
    // What is looked at passes out of the strip in the end.
    if (this.time !== null && moment.time - this.time > STRIP) this.show(null);
    if (!this.strip.isDue) return;
    const at = this.time ?? moment.time;
    this.strip.draw(this.timeline.all, classes, moment.time - STRIP, moment.time, at);
    this.strip.describe(this.time === null ? words.now : words.moment(Math.round(moment.time - at)), this.timeline.at(at), classes);
  }

  /** Shows what was read at a time; null for what is read now. */
  private show(time: number | null): void {
    const newest = this.timeline.all.at(-1)?.time ?? 0;
    this.time = time === null || newest - time < NOW ? null : time;
    this.toNow.hidden = this.time === null;
    if (this.time === null) return;
    const moment = this.timeline.at(this.time);
    const when = words.moment(Math.round(newest - this.time));
    if (moment?.face) this.result.show({ ...moment.face, others: moment.faces.length - 1, mark: when }, this.classes);
    else this.result.empty(words.noFace, when);
  }
}
