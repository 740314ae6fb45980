/** Everything that is not needed at every look: the rest of the switches, the language, exports, and experts' controls. */
import { coloursOf } from "../drawing";
import { h, icon } from "../dom";
import { inApp } from "../engine/native";
import { PLAIN } from "../recognition/clarity";
import { change, settings } from "../settings";
import type { Settings } from "../settings";
import { LANGUAGES, decimal, percent, strings } from "../strings";
import type { Figures, Steps } from "./live";
import { toggle } from "./toggle";

const words = strings.more;
type Numeric = "faces" | "memory" | "brightness" | "contrast";
const DEFAULT_EXPERT = { faces: 10, memory: 0.35, clear: null, evenly: false, brightness: 1, contrast: 1, mirror: false, native: true } as const;

export interface MoreActions {
  readonly saveTable: () => void;
  /** Starts or ends recording. */
  readonly record: () => void;
  /** Loads the page again, which another language needs. */
  readonly reload: () => void;
}

export class More {
  readonly element: HTMLDialogElement;
  private readonly record: HTMLButtonElement;
  private readonly table: HTMLButtonElement;
  private readonly chart = h("canvas", { class: "times", role: "img", "aria-label": words.times });
  private readonly legend = h("p", { class: "fine legend" });

  constructor(actions: MoreActions) {
    const act = (action: () => void) => (): void => {
      this.element.close();
      action();
    };
    this.record = h("button", { type: "button", onclick: act(actions.record) }, words.record);
    this.table = h("button", { type: "button", onclick: act(actions.saveTable) }, words.saveTable);
    this.element = h(
      "dialog",
      { class: "more", "aria-labelledby": "more-heading" },
      h(
        "div",
        { class: "more-head" },
        h("h2", { id: "more-heading" }, words.heading),
        h("button", { type: "button", class: "icon-button plain", "aria-label": words.close, title: words.close, onclick: () => this.element.close() }, icon("close")),
      ),
      toggle("smooth", strings.camera.smooth, strings.camera.smoothHint),
      toggle("saver", strings.camera.saver, strings.camera.saverHint),
      toggle("figures", strings.camera.figures, strings.camera.figuresHint),
      calm(),
      languages(actions.reload),
      h("div", { class: "controls" }, this.table, this.record),
      this.experts(),
    );
    // A tap beside the dialog closes it, as everywhere.
    this.element.addEventListener("click", (event) => {
      if (event.target === this.element) this.element.close();
    });
  }

  /** table: whether something was read; recording: null where there is nothing to record. */
  open(table: boolean, recording: boolean | null): void {
    this.table.disabled = !table;
    this.record.hidden = recording === null;
    this.record.textContent = recording ? words.stopRecording : words.record;
    this.element.showModal();
  }

  /** Draws the last frames' times, while they can be seen. */
  showTimes({ recent }: Figures): void {
    if (!this.element.open || !this.chart.clientWidth) return;
    const unit = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(this.chart.clientWidth * unit), Math.round(this.chart.clientHeight * unit)];
    if (this.chart.width !== width || this.chart.height !== height) Object.assign(this.chart, { width, height });
    const context = this.chart.getContext("2d")!;
    context.clearRect(0, 0, width, height);
    const names: (keyof Steps)[] = ["grab", "detect", "crop", "read"];
    const total = (steps: Steps): number => names.reduce((sum, name) => sum + steps[name], 0);
    const most = Math.max(33, ...recent.map(total));
    recent.forEach((steps, i) => {
      let top = height;
      names.forEach((name, place) => {
        const part = (steps[name] / most) * height;
        context.fillStyle = CHART[place]!;
        context.fillRect((i / recent.length) * width, top - part, width / recent.length - unit, part);
        top -= part;
      });
    });
    const { grab, find, crop, read, time } = strings.camera;
    const keys = [grab, find, crop, read].map((word, i) => {
      const colour = h("i", { class: "key" });
      colour.style.background = CHART[i]!;
      return h("span", {}, colour, word);
    });
    this.legend.replaceChildren(...keys, `0–${time(decimal(most, 0))}`);
  }

  private experts(): HTMLDetailsElement {
    const clearest = range(words.clear, 0, 0.9, 0.05, () => settings.value.clear ?? PLAIN, (clear) => change({ clear }), (value) => {
      return settings.value.clear === null ? `${percent(value)} (${words.clearMeasured})` : percent(value);
    });
    return h(
      "details",
      { class: "experts" },
      h("summary", {}, words.experts),
      number("faces", words.faces, 1, 20, 1, (value) => String(value)),
      number("memory", words.memory, 0.05, 2, 0.05, (value) => words.seconds(decimal(value, 2))),
      clearest,
      toggle("evenly", words.evenly, words.evenlyHint),
      number("brightness", words.brightness, 0.5, 3, 0.05, (value) => percent(value)),
      number("contrast", words.contrast, 0.5, 3, 0.05, (value) => percent(value)),
      toggle("mirror", words.mirror, ""),
      inApp() ? toggle("native", words.native, words.nativeHint) : null,
      h("h3", {}, words.times),
      this.chart,
      this.legend,
      h("button", { type: "button", onclick: () => change(DEFAULT_EXPERT) }, words.reset),
    );
  }
}

/** Classes whose colours the chart's steps borrow. */
const CHART = coloursOf(["neutral", "sad", "happy", "surprise"]);

function number(setting: Numeric, label: string, least: number, most: number, step: number, say: (value: number) => string): HTMLElement {
  return range(label, least, most, step, () => settings.value[setting], (value) => change({ [setting]: value } as Partial<Settings>), say);
}

function range(
  label: string,
  least: number,
  most: number,
  step: number,
  read: () => number,
  write: (value: number) => void,
  say: (value: number) => string,
): HTMLLabelElement {
  const said = h("output", {});
  const slider = h("input", {
    type: "range",
    min: String(least),
    max: String(most),
    step: String(step),
    oninput: () => write(Number(slider.value)),
  });
  settings.watch(() => {
    slider.value = String(read());
    said.textContent = say(read());
    slider.setAttribute("aria-valuetext", said.textContent);
  });
  return h("label", { class: "range" }, h("span", {}, label), said, slider);
}

/** On or off by choice; the device's own wish until then. */
function calm(): HTMLLabelElement {
  const input = h("input", { type: "checkbox", role: "switch", onchange: () => change({ calm: input.checked }) });
  settings.watch(() => (input.checked = isCalm()));
  return h("label", { class: "toggle" }, h("span", { class: "toggle-words" }, h("span", {}, words.calm), h("small", {}, words.calmHint)), input);
}

export function isCalm(): boolean {
  return settings.value.calm ?? matchMedia("(prefers-reduced-motion: reduce)").matches;
}

function languages(reload: () => void): HTMLLabelElement {
  const choices = Object.entries(LANGUAGES).map(([code, { name }]) => h("option", { value: code, lang: code }, name));
  const select = h(
    "select",
    {
      onchange: () => {
        change({ language: select.value || null });
        reload();
      },
    },
    h("option", { value: "" }, words.languageOfDevice),
    ...choices,
  );
  select.value = settings.value.language ?? "";
  return h("label", { class: "range" }, h("span", {}, words.language), select);
}
