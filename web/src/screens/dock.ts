/** The row of buttons under the thumb; what can be done now is shown, the rest is hidden. */
import { h, icon } from "../dom";
import type { Icon } from "../dom";
import { strings } from "../strings";
import type { Action, Actions } from "./actions";

const { capture, clip, camera, more, welcome } = strings;
const LOOKS: Readonly<Record<Action, { readonly icon: Icon; readonly label: string; readonly large?: boolean }>> = {
  back: { icon: "back", label: capture.back },
  gallery: { icon: "gallery", label: welcome.choose },
  shutter: { icon: "camera", label: camera.take, large: true },
  try: { icon: "camera", label: capture.detectAnyway, large: true },
  save: { icon: "save", label: capture.save, large: true },
  play: { icon: "play", label: clip.play, large: true },
  share: { icon: "share", label: capture.share },
  table: { icon: "table", label: clip.saveTable },
  more: { icon: "more", label: more.open },
};

export class Dock {
  readonly element: HTMLElement;
  private readonly buttons: ReadonlyMap<Action, HTMLButtonElement>;

  constructor(act: (action: Action) => void) {
    const names = Object.keys(LOOKS) as Action[];
    this.buttons = new Map(
      names.map((name) => {
        const look = LOOKS[name];
        const kind = name === "shutter" ? "shutter" : look.large ? "dock-main primary" : `dock-side ${name}`;
        // The shutter is known by its shape; what the others do has to be said.
        const words = name === "shutter" ? null : h("span", {}, look.label);
        const label = name === "shutter" ? { "aria-label": look.label, title: look.label } : {};
        return [name, h("button", { type: "button", class: kind, ...label, onclick: () => act(name) }, icon(look.icon), words)];
      }),
    );
    this.element = h("div", { class: "dock-row" }, ...this.buttons.values());
  }

  show({ shown, waiting }: Actions): void {
    for (const [name, button] of this.buttons) {
      button.hidden = !shown.includes(name);
      button.disabled = waiting.includes(name);
    }
  }

  setPlaying(playing: boolean): void {
    const button = this.buttons.get("play")!;
    button.replaceChildren(icon(playing ? "pause" : "play"), h("span", {}, playing ? clip.pause : clip.play));
  }

  /** The first button that can be pressed: where the focus goes whose own button has gone. */
  focus(): void {
    const open = [...this.buttons.values()].filter((button) => !button.hidden && !button.disabled);
    (open.find((button) => button.matches(".shutter, .dock-main")) ?? open[0])?.focus();
  }
}
