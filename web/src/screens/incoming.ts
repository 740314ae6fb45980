/** Pictures and videos that come from outside: chosen, pasted or dropped. */
import { h } from "../dom";
import { strings } from "../strings";

export class Incoming {
  readonly element: HTMLInputElement;
  private readonly received: (file: Blob) => void;

  constructor(received: (file: Blob) => void) {
    this.received = received;
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

  /** Asks for a file. */
  ask(): void {
    this.element.click();
  }

  private chosen(): void {
    const [file] = this.element.files ?? [];
    this.element.value = "";
    if (file) this.received(file);
  }

  private take(data: DataTransfer | null): void {
    const [file] = data?.files ?? [];
    if (file) this.received(file);
  }
}
