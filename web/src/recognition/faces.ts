/** What recognition says of the faces of a picture or a frame; boxes and squares are in its pixels. */
import type { Box, Square } from "./geometry";

/** The gate's word on a face: like those that the models learned from, partly covered, otherwise unlike them, or no gate to ask. */
export type Verdict = "known" | "covered" | "strange" | "none";

/** Whether the gate warns of a face. */
export function isStrange(verdict: Verdict): boolean {
  return verdict === "covered" || verdict === "strange";
}

/** What a model says of one face. */
export interface Reading {
  /** One a class, in the file's order. */
  readonly probabilities: Float32Array;
  /** The class scores [classes, rows, columns] at each place of the upright crop; null where the model has none. */
  readonly map: { readonly scores: Float32Array; readonly rows: number; readonly columns: number } | null;
}

export interface FoundFace {
  readonly id: number;
  readonly box: Box;
  readonly square: Square;
  readonly score: number;
  readonly verdict: Verdict;
}

export interface ReadFace extends FoundFace {
  readonly reading: Reading;
  /** The class that is named; null where no expression is clear. */
  readonly place: number | null;
}

/** Milliseconds of each step of a frame. */
export interface Steps {
  readonly detect: number;
  readonly crop: number;
  readonly read: number;
}

export interface FrameReading {
  /** Largest first. */
  readonly faces: readonly ReadFace[];
  /** The face that stands in large type, and how many others there are: as steady as words have to be. */
  readonly main: ReadFace | null;
  readonly others: number;
  readonly steps: Steps;
  /** How much the frame differs from the last one: mean of the differences in grey levels. */
  readonly change: number;
}

export interface ReadOptions {
  /** The share below which no expression is named; null takes the measured one. */
  readonly clear: number | null;
  /** Whether each expression is taken to be as likely as any other, and not as it was in the training data. */
  readonly evenly: boolean;
}

export interface FrameOptions extends ReadOptions {
  /** Average each face over a moment, and let words stand long enough to be read. */
  readonly smooth: boolean;
  /** The moment, in seconds. */
  readonly memory: number;
  /** Give the maps too. */
  readonly map: boolean;
  /** Faces followed and read, at most: the largest. */
  readonly faces: number;
  /** The number of the face that the user chose; null for none. */
  readonly chosen: number | null;
}
