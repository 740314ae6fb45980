/** The gate: says whether a face is of the kind that the models learned from. */

/** For one face: is every score a number within the model file's threshold for it? A score that is none never passes. */
export function passes(scores: ArrayLike<number>, thresholds: readonly number[]): boolean {
  return scores.length === thresholds.length && thresholds.every((threshold, i) => Number.isFinite(scores[i]) && scores[i]! <= threshold);
}
