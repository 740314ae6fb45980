/** How far a model is, in words and a bar; heard at its beginning and its end, and not at every megabyte. */
import { h } from "../dom";
import { nameOf } from "../engine/catalogue";
import type { ModelState } from "../models";
import { decimal, modelTitle, strings } from "../strings";
import { setText } from "./result";

const words = strings.models;

export class ModelStatus {
  readonly element: HTMLElement;
  /** What is shown, as a word; it changes a few times a download. */
  phase = "";
  private readonly text = h("p", { role: "status", class: "unseen" });
  private readonly rest = h("div", { class: "status-rest" });
  private readonly retry: () => void;

  constructor(retry: () => void) {
    this.retry = retry;
    this.element = h("div", { class: "model-status" }, this.text, this.rest);
  }

  show(state: ModelState): void {
    const loads = state.kind === "loading" && state.loaded !== null && state.loaded < state.model.bytes;
    const phase = state.kind === "none" ? "" : `${state.kind} ${loads} ${state.model.url}`;
    if (phase !== this.phase) this.enter(state, loads, this.phase);
    this.phase = phase;
    if (state.kind !== "loading" || !loads) return;
    const [loaded, all] = [state.loaded!, state.model.bytes];
    setText(this.rest.querySelector("small")!, words.progress(decimal(loaded / 1e6, 1), decimal(all / 1e6, 1)));
    this.rest.querySelector("progress")!.value = loaded;
  }

  private enter(state: ModelState, loads: boolean, before: string): void {
    this.text.classList.toggle("unseen", state.kind !== "loading" && state.kind !== "fault");
    this.rest.replaceChildren(...this.parts(state, loads));
    const title = state.kind === "none" ? "" : modelTitle(nameOf(state.model));
    if (state.kind === "loading") setText(this.text, loads ? words.loading(title) : words.starting(title));
    else if (state.kind === "fault") setText(this.text, strings.faults[state.fault]);
    else setText(this.text, state.kind === "ready" && before.startsWith("loading") ? words.loaded(title) : "");
  }

  private parts(state: ModelState, loads: boolean): HTMLElement[] {
    if (state.kind === "fault") return [h("button", { type: "button", onclick: this.retry }, words.retry)];
    if (state.kind !== "loading") return [];
    const title = modelTitle(nameOf(state.model));
    if (!loads) return [h("progress", { "aria-label": words.starting(title) })];
    return [h("small", {}), h("progress", { max: String(state.model.bytes), value: "0", "aria-label": words.loading(title) })];
  }
}
