/** How a checked picture is shown: its faces drawn in, and in words what the check and the model say. */
import type { DrawnFace } from "../drawing";
import { settings } from "../settings";
import { adjective, percent, strings } from "../strings";
import type { Capture } from "./capture";
import type { FaceRow } from "./faces";
import type { ResultPanel } from "./result";
import type { Stage } from "./stage";
import { noticeOf } from "./verdict";
import type { VerdictLine } from "./verdict";

export interface StillParts {
  readonly stage: Stage;
  readonly faces: FaceRow;
  readonly verdict: VerdictLine;
  readonly result: ResultPanel;
}

/** Draws the picture's faces; chosen: the number of the face that the user chose, null for none. */
export function drawStill({ stage, faces }: StillParts, capture: Capture, chosen: number | null, classes: readonly string[]): void {
  const drawn = capture.drawn(settings.value.heat);
  stage.draw(drawn, classes, capture.inspected.width, capture.face(chosen).id);
  faces.show(drawn, classes, capture.face(chosen).id, chosen);
}

/** Says what there is to say; gated: whether there is a gate that judges faces. */
export function sayStill(parts: StillParts, capture: Capture, chosen: number | null, classes: readonly string[], gated: boolean): void {
  const { stage, verdict: line, result } = parts;
  const main = capture.face(chosen);
  const accepted = capture.check === "accepted";
  line.say(noticeOf(capture, gated));
  if (!main.reading) {
    result.empty("", "", true);
    return stage.describe(strings.capture.picture);
  }
  // What the check said stands above the result already.
  const verdict = accepted && capture.faces.length === 1 ? "none" : main.verdict;
  const mark = accepted ? "" : strings.capture.refusedMark;
  result.show({ reading: main.reading, place: main.place, verdict, others: capture.faces.length - 1, mark }, classes);
  stage.describe(strings.capture.described(capture.faces.map((face) => described(face, classes)).join("; ")));
}

function described({ reading, place }: DrawnFace, classes: readonly string[]): string {
  if (place === null) return strings.result.unclear;
  return strings.result.announce(adjective(classes[place]!), percent(reading!.probabilities[place]!));
}
