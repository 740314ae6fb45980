/** The gate: says whether a face is of the kind that the models learned from. */

/** For one face: does every score stay within the model file's threshold? */
export function passes(scores: ArrayLike<number>, thresholds: readonly number[]): boolean {
  return thresholds.every((threshold, i) => scores[i]! <= threshold);
}
