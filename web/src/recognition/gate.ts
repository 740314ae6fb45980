/** The gate: says whether a face is of the kind that the models learned from. The same as Python's `mien.recognition.gate`. */
import type { Verdict } from "./faces";

/** The property of a model file that holds its gate's numbers, as JSON. */
export const GATE = "novelty_gate";
/** The scores of the `novelty` output: relative Mahalanobis distance, unlikeness, covering. */
const SCORES = 3;
/** Detector scores nearer to 0 or 1 than this count as this. */
const SUREST = 0.999;
const NUMBERS = ["cut", "found", "doubt_scale", "doubt_offset", "covered", "far"] as const;

/** The numbers by which a model file's scores become a verdict; what each means is said in Python. */
export type Gate = Readonly<Record<(typeof NUMBERS)[number], number>>;

/** The gate's word as Python says it. */
export type Word = "known" | "covered" | "near" | "far";

/** The gate in a property's text; null where it is none or a number is missing or not finite. */
export function gateOfText(text: string): Gate | null {
  try {
    const told = JSON.parse(text) as Record<string, unknown>;
    return NUMBERS.every((name) => Number.isFinite(told[name])) ? (told as Gate) : null;
  } catch {
    return null;
  }
}

/**
 * The word on one face.
 *
 * @param scores the model's for it; fewer, more, or some that are no numbers say nothing for the face: it is far
 * @param found the detector's score in [0, 1]; null for what no detector took for a face
 */
export function wordOn(gate: Gate, scores: ArrayLike<number>, found: number | null): Word {
  const all = [...Array.from(scores), found ?? 0];
  if (scores.length !== SCORES || !all.every(Number.isFinite)) return "far";
  const covered = scores[2]! > gate.covered;
  if (scores[1]! > gate.far && !(covered && found !== null)) return "far";
  if (covered) return "covered";
  const strange = found === null ? scores[1]! > gate.cut : scores[1]! + doubt(gate, found) > gate.found;
  return strange ? "near" : "known";
}

export function verdictOf(gate: Gate, scores: ArrayLike<number>, found: number | null): Verdict {
  const word = wordOn(gate, scores, found);
  return word === "known" || word === "covered" ? word : "strange";
}

/** How much a detector's score speaks against a face. */
function doubt(gate: Gate, found: number): number {
  const sure = Math.min(Math.max(found, 1 - SUREST), SUREST);
  return gate.doubt_offset - gate.doubt_scale * Math.log(sure / (1 - sure));
}
