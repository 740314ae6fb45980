import { h } from "../dom";
import { accuracyOf, judgeOf, nameOf } from "../engine/catalogue";
import type { ModelEntry } from "../engine/catalogue";
import { keptModels } from "../engine/download";
import { inApp } from "../engine/native";
import type { Models } from "../models";
import { settings } from "../settings";
import { decimal, modelText, modelTitle, percent, strings } from "../strings";
import { ModelStatus } from "./status";

const words = strings.models;

/** The models to choose from, with what is known of each. */
export class ModelsScreen {
  readonly element: HTMLElement;
  private readonly models: Models;
  private readonly list = h("div", { class: "model-list", role: "radiogroup", "aria-label": words.heading });
  /** How far each model is, by its name: what is being loaded says so in its own card. */
  private readonly status = new Map<string, ModelStatus>();
  /** Whether the last key that was pressed chooses among radio buttons without pressing one. */
  private byArrow = false;
  private kept = new Set<string>();
  private measuring: ModelEntry | null = null;

  constructor(models: Models) {
    this.models = models;
    this.element = h(
      "section",
      { class: "screen page" },
      h("h1", {}, words.heading),
      h("p", { class: "lead" }, models.catalogue.models.length ? (inApp() ? words.textInApp : words.text) : words.none),
      this.list,
      h("p", { class: "fine" }, gateWords(models)),
    );
    this.list.addEventListener("keydown", (event) => (this.byArrow = event.key.startsWith("Arrow")));
    this.list.addEventListener("pointerdown", () => (this.byArrow = false));
    models.state.watch((state) => {
      for (const model of this.models.catalogue.models) {
        const its = state.kind !== "none" && nameOf(state.model) === nameOf(model);
        this.statusOf(model).show(its ? state : { kind: "none" });
      }
      if (state.kind !== "loading" || state.loaded === null) void this.enter();
    });
    models.list.watch(() => this.show());
    settings.watch(() => this.show());
  }

  async enter(): Promise<void> {
    this.kept = await keptModels();
    this.show();
  }

  private show(): void {
    const active = document.activeElement?.id;
    this.list.replaceChildren(...this.models.catalogue.models.map((model) => this.card(model)));
    if (active?.startsWith("model-")) document.getElementById(active)?.focus();
  }

  private statusOf(model: ModelEntry): ModelStatus {
    const name = nameOf(model);
    const known = this.status.get(name) ?? new ModelStatus(() => void this.models.choose(model));
    this.status.set(name, known);
    return known;
  }

  /** With the arrow keys one looks for a model, and downloads none on the way: that waits until it is used. */
  private chosen(model: ModelEntry): void {
    if (this.byArrow) this.models.mark(model);
    else void this.models.choose(model);
  }

  private card(model: ModelEntry): HTMLElement {
    const name = nameOf(model);
    const accuracy = accuracyOf(model);
    const speed = settings.value.speeds[model.sha256];
    const chosen = model === this.models.chosen;
    const input = h("input", {
      type: "radio",
      name: "model",
      id: `model-${name}`,
      onchange: () => this.chosen(model),
    });
    input.checked = chosen;
    const measure = h(
      "button",
      { type: "button", id: `model-measure-${name}`, disabled: this.measuring !== null, onclick: () => void this.measure(model) },
      this.measuring === model ? words.measuring : inApp() || this.kept.has(model.url) ? words.measure : words.measureUnknown,
    );
    return h(
      "div",
      { class: chosen ? "card model chosen" : "card model" },
      h(
        "label",
        { for: `model-${name}`, class: "model-head" },
        input,
        h("span", {}, h("strong", {}, modelTitle(name)), h("small", {}, modelText(name))),
      ),
      h(
        "dl",
        {},
        this.size(model),
        accuracy
          ? fact(words.accuracy, percent(accuracy.value), words.accuracyOn(accuracy.part))
          : fact(words.accuracy, "–", words.accuracyUnknown),
        speed === undefined ? fact(words.speed, "–", words.speedUnknown) : fact(words.speed, words.milliseconds(decimal(speed, speed < 10 ? 1 : 0)), ""),
      ),
      this.statusOf(model).element,
      measure,
    );
  }

  private size(model: ModelEntry): HTMLElement {
    const megabytes = words.megabytes(decimal(model.bytes / 1e6, 1));
    if (inApp()) return fact(words.size, megabytes, words.inApp);
    return fact(words.download, megabytes, this.kept.has(model.url) ? words.onDevice : words.toDownload);
  }

  private async measure(model: ModelEntry): Promise<void> {
    this.measuring = model;
    this.show();
    await this.models.measure(model).finally(() => (this.measuring = null));
    this.show();
  }
}

/** Which model notices unusual faces. */
function gateWords({ catalogue }: Models): string {
  const judges = catalogue.models.map((model) => judgeOf(catalogue, model));
  if (judges.includes(null) || !judges.length) return words.noGate;
  return judges.every((judge, i) => judge === catalogue.models[i]) ? words.ownGate : words.gate(modelTitle(nameOf(judgeOf(catalogue, null)!)));
}

function fact(name: string, value: string, more: string): HTMLElement {
  return h("div", {}, h("dt", {}, name), h("dd", {}, value, more ? h("small", {}, more) : null));
}
