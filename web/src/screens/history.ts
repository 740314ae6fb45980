import { h } from "../dom";
import { deleteEntries, deleteEntry, someEntries } from "../history";
import type { Entry } from "../history";
import { keepForGood, saveFile } from "../saving";
import { adjective, locale, percent, strings } from "../strings";
import { toggle } from "./toggle";

const words = strings.history;
/** Entries shown at once. */
const PAGE = 24;

/** The pictures that were kept; nothing is kept unless the user turns it on. */
export class HistoryScreen {
  readonly element: HTMLElement;
  private readonly list = h("ul", { class: "history-list" });
  private readonly deleteAll: HTMLButtonElement;
  private readonly older: HTMLButtonElement;
  /** The id of the oldest entry that is shown. */
  private last: number | null = null;
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
    this.older = h("button", { type: "button", onclick: () => void this.showOlder() }, words.more);
    this.element = h(
      "section",
      { class: "screen page" },
      h("h1", {}, words.heading),
      h("div", { class: "card" }, toggle("history", words.keep, words.keepHint, (on) => void (on && keepForGood()))),
      this.list,
      this.older,
      this.deleteAll,
      this.question,
      this.viewer,
    );
  }

  async enter(): Promise<void> {
    this.leave();
    const entries = await someEntries(PAGE, null).catch(() => null);
    this.deleteAll.hidden = !entries?.length;
    this.show(entries ?? []);
    if (!entries?.length) this.list.replaceChildren(empty(entries ? words.empty : words.unavailable, entries ? words.emptyHint : ""));
  }

  private async showOlder(): Promise<void> {
    const before = this.list.children.length;
    this.show(await someEntries(PAGE, this.last));
    this.list.children[before]?.querySelector("button")?.focus();
  }

  private show(entries: readonly Entry[]): void {
    this.list.append(...entries.map((entry) => this.card(entry)));
    this.last = entries.at(-1)?.id ?? this.last;
    this.older.hidden = entries.length < PAGE;
  }

  /** Lets go of the pictures in memory. */
  leave(): void {
    this.last = null;
    for (const address of this.addresses) URL.revokeObjectURL(address);
    this.addresses = [];
    this.list.replaceChildren();
  }

  private card(entry: Entry): HTMLElement {
    const address = URL.createObjectURL(entry.picture);
    this.addresses.push(address);
    const time = new Date(entry.time).toLocaleString(locale, { dateStyle: "medium", timeStyle: "short" });
    const expression = entry.expression ? adjective(entry.expression) : strings.result.unclear;
    const share = entry.expression ? ` ${percent(entry.share)}` : "";
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
    const save = (): void => void saveFile(entry.picture, "mien.jpg");
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
