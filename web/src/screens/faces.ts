/** The faces in sight as a row of buttons: all of them readable at a glance, and one of them chosen. */
import { h } from "../dom";
import type { DrawnFace } from "../drawing";
import { isStrange } from "../recognition/faces";
import { adjective, percent, strings } from "../strings";
import { setText } from "./result";

export class FaceRow {
  readonly element = h("div", { class: "faces", role: "group", "aria-label": strings.camera.faces, hidden: true });
  private readonly choose: (id: number) => void;
  private readonly buttons = new Map<number, HTMLButtonElement>();

  constructor(choose: (id: number) => void) {
    this.choose = choose;
  }

  /** main: the number of the face that the panel speaks of; chosen: of the one that the user chose, null for none. */
  show(faces: readonly DrawnFace[], classes: readonly string[], main: number | null, chosen: number | null): void {
    const listed = faces.length > 1 ? [...faces].sort((one, other) => one.id - other.id) : [];
    this.element.hidden = !listed.length;
    const ids = new Set(listed.map(({ id }) => id));
    for (const [id, button] of this.buttons) {
      if (ids.has(id)) continue;
      button.remove();
      this.buttons.delete(id);
    }
    listed.forEach((face, i) => {
      const button = this.button(face.id);
      if (this.element.children[i] !== button) this.element.insertBefore(button, this.element.children[i] ?? null);
      setText(button, strings.camera.face(face.id, wordOf(face, classes)));
      button.setAttribute("aria-pressed", String(face.id === chosen));
      button.classList.toggle("main", face.id === main);
      button.classList.toggle("strange", isStrange(face.verdict));
    });
  }

  private button(id: number): HTMLButtonElement {
    const known = this.buttons.get(id);
    if (known) return known;
    const made = h("button", { type: "button", class: "face", onclick: () => this.choose(id) });
    this.buttons.set(id, made);
    return made;
  }
}

function wordOf({ reading, place }: DrawnFace, classes: readonly string[]): string {
  if (!reading) return "";
  return place === null ? "–" : `${adjective(classes[place]!)} ${percent(reading.probabilities[place]!)}`;
}
