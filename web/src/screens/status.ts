/** How far a model is, in words and a bar; heard at its beginning and its end, and not at every megabyte. */
import { h } from "../dom";
import { nameOf } from "../engine/catalogue";
import type { ModelState } from "../models";
import { decimal, modelTitle, strings } from "../strings";
import { setText } from "./result";

const words = strings.models;

export class ModelStatus {
  readonly element: HTMLElement;
  private readonly shown = h("div", { class: "status-shown", hidden: true });
  private readonly voice = h("p", { class: "unseen", role: "status" });
  private readonly retry: () => void;
  /** What is shown, as a word; it changes a few times a download. */
  phase = "";

  constructor(retry: () => void) {
    this.retry = retry;
    this.element = h("div", { class: "model-status" }, this.shown, this.voice);
  }

  show(state: ModelState): void {
    const loads = state.kind === "loading" && state.loaded !== null && state.loaded < state.model.bytes;
    const phase = state.kind === "none" ? "" : `${state.kind} ${loads} ${state.model.url}`;
    if (phase !== this.phase) this.enter(state, loads, this.phase);
    this.phase = phase;
    if (state.kind !== "loading" || !loads) return;
    const [loaded, all] = [state.loaded!, state.model.bytes];
    setText(this.shown.querySelector("small")!, words.progress(decimal(loaded / 1e6, 1), decimal(all / 1e6, 1)));
    this.shown.querySelector("progress")!.value = loaded;
  }

  private enter(state: ModelState, loads: boolean, before: string): void {
    this.shown.hidden = state.kind !== "loading" && state.kind !== "fault";
    if (state.kind === "loading") {
      const title = modelTitle(nameOf(state.model));
      const label = loads ? words.loading(title) : words.starting(title);
      const bar = h("progress", loads ? { max: String(state.model.bytes), value: "0", "aria-label": label } : { "aria-label": label });
      this.shown.replaceChildren(h("p", {}, label, h("small", {}, "")), bar);
      setText(this.voice, loads ? label : "");
    } else if (state.kind === "fault") {
      const text = strings.faults[state.fault];
      this.shown.replaceChildren(h("p", {}, text), h("button", { type: "button", onclick: this.retry }, words.retry));
      setText(this.voice, text);
    } else {
      this.shown.replaceChildren();
      if (state.kind === "ready" && before.startsWith("loading")) setText(this.voice, words.loaded(modelTitle(nameOf(state.model))));
    }
  }
}
