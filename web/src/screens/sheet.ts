/** The sheet over the picture's lower edge: drawn up by the thumb, or by its handle, to show everything. */
import { h } from "../dom";
import { strings } from "../strings";

/** A movement of less than this, in pixels, is a tap. */
const TAP = 8;

export class Sheet {
  readonly element: HTMLElement;
  private readonly handle: HTMLButtonElement;
  /** What shows always, and what is drawn up. */
  private readonly head: HTMLElement;
  private readonly body: HTMLElement;
  private open = false;

  constructor(head: readonly HTMLElement[], body: readonly HTMLElement[]) {
    this.handle = h("button", { type: "button", class: "handle", onclick: (event) => this.pressed(event as MouseEvent) });
    this.head = h("div", { class: "sheet-head" }, this.handle, ...head);
    this.body = h("div", { class: "sheet-body" }, ...body);
    this.element = h("div", { class: "sheet" }, this.head, this.body);
    this.head.addEventListener("pointerdown", (event) => this.grabbed(event));
    // What is reached by keyboard has to be seen.
    this.body.addEventListener("focusin", () => this.set(true));
    new ResizeObserver(() => {
      const height = `${Math.ceil(this.head.getBoundingClientRect().height)}px`;
      this.element.parentElement?.style.setProperty("--peek", height);
    }).observe(this.head);
    this.set(false);
  }

  set(open: boolean): void {
    this.open = open;
    this.element.classList.toggle("open", open);
    this.handle.setAttribute("aria-expanded", String(open));
    this.handle.setAttribute("aria-label", open ? strings.camera.sheetLess : strings.camera.sheetMore);
    if (!open) this.body.scrollTop = 0;
  }

  /** By keyboard, or by a screen reader's tap: a finger's own is told by its movement. */
  private pressed(event: MouseEvent): void {
    if (event.detail === 0) this.set(!this.open);
  }

  private grabbed(start: PointerEvent): void {
    const target = start.target as HTMLElement;
    if (start.button !== 0 || (target.closest("button, a, input") && target.closest("button") !== this.handle)) return;
    this.head.setPointerCapture(start.pointerId);
    let moved = 0;
    const move = (event: PointerEvent): void => {
      moved = event.clientY - start.clientY;
      this.element.style.setProperty("--drag", `${moved}px`);
      this.element.classList.add("dragged");
    };
    const end = (event: PointerEvent): void => {
      this.head.removeEventListener("pointermove", move);
      this.head.removeEventListener("pointerup", end);
      this.head.removeEventListener("pointercancel", end);
      this.element.classList.remove("dragged");
      this.element.style.removeProperty("--drag");
      if (event.type === "pointercancel") return;
      this.set(Math.abs(moved) < TAP ? !this.open : moved < 0);
    };
    this.head.addEventListener("pointermove", move);
    this.head.addEventListener("pointerup", end);
    this.head.addEventListener("pointercancel", end);
  }
}
