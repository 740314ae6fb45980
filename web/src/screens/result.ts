import { h } from "../dom";
import type { Reading, Verdict } from "../recognition/faces";
import { strings } from "../strings";

/** A screen reader hears a change of expression at most this often, in milliseconds, and then the newest. */
const QUIET = 3000;

interface Row {
  readonly element: HTMLLIElement;
  readonly bar: HTMLSpanElement;
  readonly share: HTMLSpanElement;
}

/** What the main face shows: its expression, the gate's word, and a bar for each class. */
export class ResultPanel {
  readonly element: HTMLElement;
  private readonly word = h("p", { class: "result-word" });
  private readonly share = h("span", { class: "result-share" });
  private readonly detail = h("p", { class: "result-detail" });
  private readonly list = h("ul", { class: "bars", "aria-label": strings.result.probabilities });
  private readonly voice = h("p", { class: "unseen", "aria-live": "polite" });
  private rows: Row[] = [];
  private classes: readonly string[] = [];
  private said = "";
  private saidAt = -Infinity;
  private speaking: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.element = h(
      "section",
      { class: "result", "aria-label": strings.result.heading },
      h("div", { class: "result-head" }, this.word, this.share),
      this.detail,
      this.list,
      h("p", { class: "note" }, strings.result.note),
      this.voice,
    );
  }

  /** place: the class that is named, null where none is clear; others: how many more faces there are; mark: a word on the reading that goes before the gate's. */
  show({ probabilities }: Reading, place: number | null, classes: readonly string[], verdict: Verdict, others: number, mark = ""): void {
    this.element.classList.toggle("strange", verdict === "strange" || mark !== "");
    this.element.classList.remove("empty", "quiet");
    this.setClasses(classes);
    this.element.classList.toggle("unclear", place === null);
    const expression = place === null ? strings.result.unclear : strings.adjective(classes[place]!);
    const share = place === null ? "" : strings.percent(probabilities[place]!);
    setText(this.word, expression);
    setText(this.share, share);
    const words = [mark || strings.verdict[verdict], others ? strings.camera.moreFaces(others) : ""];
    setText(this.detail, words.filter(Boolean).join(" · "));
    this.rows.forEach((row, i) => {
      const value = probabilities[i]!;
      row.bar.style.setProperty("--share", value.toFixed(3));
      setText(row.share, strings.percent(value));
      row.element.classList.toggle("first", i === place);
    });
    const heard = share ? strings.result.announce(expression, share) : expression;
    this.say([heard, ...words.filter(Boolean)].join(". "), expression);
  }

  /** Words in place of a result; quiet: with no bars, where none will move until the user does something. */
  empty(title: string, hint: string, quiet = false): void {
    this.element.classList.add("empty");
    this.element.classList.toggle("quiet", quiet);
    this.element.classList.remove("strange");
    setText(this.word, title);
    setText(this.share, "");
    setText(this.detail, hint);
    for (const row of this.rows) {
      row.bar.style.setProperty("--share", "0");
      setText(row.share, "");
      row.element.classList.remove("first");
    }
    this.say(title, title);
  }

  /** The rows of a model's classes, before anything was read. */
  setClasses(classes: readonly string[]): void {
    if (classes.join() === this.classes.join()) return;
    this.classes = classes;
    this.rows = classes.map((name) => {
      const bar = h("span", { class: "bar" });
      const share = h("span", { class: "bar-share" });
      const element = h("li", {}, h("span", { class: "bar-name" }, strings.adjective(name)), h("span", { class: "bar-room" }, bar), share);
      return { element, bar, share };
    });
    this.list.replaceChildren(...this.rows.map((row) => row.element));
  }

  /** key: what makes a text another one; with no text, what was said is taken back. */
  private say(text: string, key: string): void {
    if (key === this.said) return;
    this.said = key;
    clearTimeout(this.speaking);
    const speak = (): void => {
      this.saidAt = performance.now();
      setText(this.voice, text);
    };
    if (text) this.speaking = setTimeout(speak, this.saidAt + QUIET - performance.now());
    else setText(this.voice, "");
  }
}

function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
