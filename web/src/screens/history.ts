import { h } from "../dom";
import { allEntries, deleteEntries, deleteEntry } from "../history";
import type { Entry } from "../history";
import { savePicture } from "../saving";
import { strings } from "../strings";
import { toggle } from "./toggle";

const words = strings.history;

/** The pictures that were kept; nothing is kept unless the user turns it on. */
export class HistoryScreen {
  readonly element: HTMLElement;
  private readonly list = h("ul", { class: "history-list" });
  private readonly deleteAll: HTMLButtonElement;
  private readonly question: HTMLDialogElement;
  /** One entry, whole. */
  private readonly viewer = h("dialog", { class: "viewer" });
  private addresses: string[] = [];

  constructor() {
    const answer = (value: string, label: string, kind: string): HTMLElement => h("button", { value, class: kind }, label);
    this.question = h(
      "dialog",
      { "aria-label": words.deleteAll },
      h(
        "form",
        { method: "dialog" },
        h("p", {}, words.deleteQuestion),
        h("div", { class: "controls" }, answer("no", words.deleteNo, ""), answer("yes", words.deleteYes, "danger")),
      ),
    );
    this.question.addEventListener("close", () => void this.answered());
    this.deleteAll = h("button", { type: "button", class: "danger", onclick: () => this.question.showModal() }, words.deleteAll);
    this.element = h(
      "section",
      { class: "screen page" },
      h("h1", {}, words.heading),
      h("div", { class: "card" }, toggle("history", words.keep, words.keepHint)),
      this.list,
      this.deleteAll,
      this.question,
      this.viewer,
    );
  }

  async enter(): Promise<void> {
    this.leave();
    const entries = await allEntries().catch(() => null);
    this.deleteAll.hidden = !entries?.length;
    if (entries?.length) this.list.replaceChildren(...entries.map((entry) => this.card(entry)));
    else this.list.replaceChildren(empty(entries ? words.empty : words.unavailable, entries ? words.emptyHint : ""));
  }

  /** Lets go of the pictures in memory. */
  leave(): void {
    for (const address of this.addresses) URL.revokeObjectURL(address);
    this.addresses = [];
    this.list.replaceChildren();
  }

  private card(entry: Entry): HTMLElement {
    const address = URL.createObjectURL(entry.picture);
    this.addresses.push(address);
    const time = new Date(entry.time).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    const expression = entry.expression ? strings.adjective(entry.expression) : words.noExpression;
    const share = entry.expression ? ` ${strings.percent(entry.share)}` : "";
    const facts = [h("strong", {}, expression + share), h("small", {}, time), entry.refused ? h("small", {}, words.refused) : null];
    const alt = words.entry(expression, time);
    const picture = h("img", { src: address, alt, loading: "lazy" });
    const open = h("button", { type: "button", class: "history-entry", onclick: () => this.view(entry, address, alt) }, picture);
    return h("li", { class: "card" }, open, h("p", {}, ...facts));
  }

  private view(entry: Entry, address: string, alt: string): void {
    const close = (): void => this.viewer.close();
    const remove = async (): Promise<void> => {
      close();
      await deleteEntry(entry);
      await this.enter();
    };
    const save = (): void => void savePicture(entry.picture, strings.capture.fileName);
    this.viewer.setAttribute("aria-label", alt);
    this.viewer.replaceChildren(
      h("img", { src: address, alt }),
      h(
        "div",
        { class: "controls" },
        h("button", { type: "button", class: "primary", onclick: save }, strings.capture.save),
        h("button", { type: "button", class: "danger", onclick: () => void remove() }, words.delete),
        h("button", { type: "button", onclick: close }, words.close),
      ),
    );
    this.viewer.showModal();
  }

  private async answered(): Promise<void> {
    if (this.question.returnValue === "yes") {
      await deleteEntries();
      await this.enter();
    }
    this.question.returnValue = "";
  }
}

function empty(title: string, hint: string): HTMLElement {
  return h("li", { class: "nothing" }, h("strong", {}, title), h("p", {}, hint));
}
