import { h } from "../dom";
import { isStrange } from "../recognition/faces";
import type { Reading, Verdict } from "../recognition/faces";
import { adjective, percent, strings } from "../strings";
import { isCalm } from "./more";

/** A screen reader hears a change at most this often, in milliseconds, and then the newest. */
const QUIET = 3000;
/** Where less motion is wished for, numbers change this often, in milliseconds. */
const CALM = 1000;

interface Row {
  readonly element: HTMLLIElement;
  readonly bar: HTMLSpanElement;
  readonly share: HTMLSpanElement;
}

/** What a result says. */
export interface Said {
  readonly reading: Reading;
  /** The class that is named; null where no expression is clear. */
  readonly place: number | null;
  readonly verdict: Verdict;
  /** How many more faces there are. */
  readonly others: number;
  /** A word on the reading that goes before the gate's; "" for none. */
  readonly mark: string;
}

/** What the main face shows: its expression, the gate's word, and a bar for each class. */
export class ResultPanel {
  /** What always shows, and what is drawn up. */
  readonly head: HTMLElement;
  readonly body: HTMLElement;
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
  private drawnAt = -Infinity;

  constructor() {
    this.head = h(
      "section",
      { class: "result", "aria-label": strings.result.heading },
      h("div", { class: "result-head" }, this.word, this.share),
      this.detail,
      this.voice,
    );
    this.body = h("div", { class: "result-body" }, this.list, h("p", { class: "note" }, strings.result.note));
  }

  show({ reading: { probabilities }, place, verdict, others, mark }: Said, classes: readonly string[]): void {
    this.mark({ strange: isStrange(verdict) || mark !== "", empty: false, quiet: false });
    this.setClasses(classes);
    const expression = place === null ? strings.result.unclear : adjective(classes[place]!);
    const share = place === null ? "" : percent(probabilities[place]!);
    const details = [mark || strings.verdict[verdict], others ? strings.camera.others(others) : ""].filter(Boolean);
    const changed = this.word.textContent !== expression;
    setText(this.word, expression);
    setText(this.detail, details.join(" · "));
    const heard = share ? strings.result.announce(expression, share) : expression;
    this.say([heard, ...details].join(". "), `${expression} ${verdict} ${mark}`);
    if (!changed && isCalm() && performance.now() - this.drawnAt < CALM) return;
    this.drawnAt = performance.now();
    setText(this.share, share);
    this.rows.forEach((row, i) => {
      const value = probabilities[i]!;
      row.bar.style.setProperty("--share", value.toFixed(3));
      setText(row.share, percent(value));
      row.element.classList.toggle("first", i === place);
    });
  }

  /** Words in place of a result; quiet: with no bars, where none will move until the user does something. */
  empty(title: string, hint: string, quiet = false): void {
    this.mark({ strange: false, empty: true, quiet });
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
      const element = h("li", {}, h("span", { class: "bar-name" }, adjective(name)), h("span", { class: "bar-room" }, bar), share);
      return { element, bar, share };
    });
    this.list.replaceChildren(...this.rows.map((row) => row.element));
  }

  private mark(marks: Readonly<Record<"strange" | "empty" | "quiet", boolean>>): void {
    for (const part of [this.head, this.body]) for (const [name, on] of Object.entries(marks)) part.classList.toggle(name, on);
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

export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
