/** What the check says of a picture, above its result. */
import { h } from "../dom";
import { isStrange } from "../recognition/faces";
import { strings } from "../strings";
import type { Capture } from "./capture";

export interface Notice {
  readonly kind: "" | "accepted" | "refused";
  readonly title: string;
  readonly hint: string;
}

export const SILENCE: Notice = { kind: "", title: "", hint: "" };

export class VerdictLine {
  readonly element = h("div", { class: "verdict", role: "status" });
  private said = "";

  say(notice: Notice): void {
    const { kind, title, hint } = notice;
    const text = JSON.stringify(notice);
    // What is said already stays, with what was added to it.
    if (text === this.said) return;
    this.said = text;
    this.element.className = `verdict ${kind}`;
    this.element.replaceChildren(...(title ? [h("strong", {}, title)] : []), ...(hint ? [h("span", {}, hint)] : []));
  }

  /** Adds a word on what has become of the picture. */
  add(text: string): void {
    this.element.append(h("small", {}, text));
  }
}

export function noticeOf(capture: Capture, hasGate: boolean): Notice {
  const { accepted, refusedNoFace, refusedNoFaceHint, refusedCovered, refusedStrange, refusedStrangeHint, noGate, someStrange } = strings.capture;
  if (capture.check === "no-face") return { kind: "refused", title: refusedNoFace, hint: refusedNoFaceHint };
  if (capture.check === "covered") return { kind: "refused", title: refusedCovered, hint: refusedStrangeHint };
  if (capture.check === "strange") return { kind: "refused", title: refusedStrange, hint: refusedStrangeHint };
  const several = capture.faces.length > 1;
  // With several faces the word on the one that is read stands below.
  const known = capture.faces.some((face) => isStrange(face.verdict)) ? someStrange : several ? "" : strings.verdict.known;
  return { kind: "accepted", title: accepted(capture.faces.length), hint: hasGate ? known : noGate };
}
