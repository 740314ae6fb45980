/** What stands over the camera's picture: its tools, or words where there is no picture. */
import type { CameraState } from "../camera/camera";
import { h, iconButton } from "../dom";
import { strings } from "../strings";

const words = strings.camera;

export interface CameraActions {
  readonly close: () => void;
  readonly open: () => void;
  readonly flip: () => void;
  readonly torch: (on: boolean) => void;
  readonly zoom: (value: number) => void;
  /** Ends the recording; null where there is none. */
  readonly stopRecording: (() => void) | null;
}

export function overCamera(state: CameraState, actions: CameraActions): HTMLElement[] {
  if (state.kind === "on") return [tools(state, actions)];
  if (state.kind === "asking") return [message(words.asking, words.askingHint)];
  if (state.kind === "paused") return [message(words.paused, "")];
  if (state.kind === "off") return [];
  const { title, text } = strings.cameraFaults[state.fault];
  return [message(title, text, h("button", { type: "button", class: "primary", onclick: actions.open }, words.retry))];
}

function tools({ torch, several, zoom }: Extract<CameraState, { kind: "on" }>, actions: CameraActions): HTMLElement {
  const row = h("div", { class: "tools" }, iconButton("close", words.stop, actions.close));
  if (torch !== null) row.append(iconButton("torch", torch ? words.torchOff : words.torchOn, () => actions.torch(!torch)));
  if (several) row.append(iconButton("flip", words.flip, actions.flip));
  if (actions.stopRecording) row.append(iconButton("stop", strings.more.stopRecording, actions.stopRecording));
  if (!zoom) return row;
  const slider = h("input", {
    type: "range",
    class: "zoom",
    min: String(zoom.min),
    max: String(zoom.max),
    step: String(zoom.step),
    value: String(zoom.value),
    "aria-label": words.zoom,
    oninput: () => actions.zoom(Number(slider.value)),
  });
  return h("div", {}, row, slider);
}

function message(title: string, text: string, ...more: HTMLElement[]): HTMLElement {
  return h("div", { class: "message", role: "status" }, h("strong", {}, title), text ? h("p", {}, text) : null, ...more);
}
