/** Pictures and videos that come from outside: chosen, pasted or dropped. */
import { h } from "../dom";
import { strings } from "../strings";

export class Incoming {
  readonly element: HTMLInputElement;
  private received: ((file: Blob) => void) | null = null;
  /** The file that came last before there was anyone to receive it. */
  private waiting: Blob | null = null;

  constructor() {
    this.element = h("input", {
      type: "file",
      accept: "image/*,video/*",
      hidden: true,
      "aria-label": strings.welcome.choose,
      onchange: () => this.chosen(),
    });
    document.addEventListener("paste", (event) => this.take(event.clipboardData));
    // A browser shows what is dropped on a page in the page's place, unless the page takes it.
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      this.take(event.dataTransfer);
    });
  }

  /** Every file goes to `received` from now on, the one that has come already first. */
  deliver(received: (file: Blob) => void): void {
    this.received = received;
    const file = this.early();
    if (file) received(file);
  }

  /** Takes the file that waits to be received; null where there is none. */
  early(): Blob | null {
    const file = this.waiting;
    this.waiting = null;
    return file;
  }

  /** Asks for a file. */
  ask(): void {
    this.element.click();
  }

  private chosen(): void {
    const [file] = this.element.files ?? [];
    this.element.value = "";
    if (file) this.give(file);
  }

  private take(data: DataTransfer | null): void {
    const [file] = data?.files ?? [];
    if (file) this.give(file);
  }

  private give(file: Blob): void {
    if (this.received) this.received(file);
    else this.waiting = file;
  }
}
