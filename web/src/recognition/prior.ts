/** How likely each expression is before a face is seen. */

/** FER2013's training pictures of each class: what a model expects without being told otherwise. */
const TRAINED: Readonly<Record<string, number>> = {
  angry: 3995,
  disgust: 436,
  fear: 4097,
  happy: 7215,
  sad: 4830,
  surprise: 3171,
  neutral: 4965,
};

/** Probabilities [classes] as they were if all classes had been equally frequent in training; unknown classes change nothing. */
export function evened(probabilities: Float32Array, classes: readonly string[]): Float32Array {
  if (!classes.every((name) => name in TRAINED)) return probabilities;
  const weighted = probabilities.map((share, i) => share / TRAINED[classes[i]!]!);
  const sum = weighted.reduce((total, share) => total + share, 0);
  return weighted.map((share) => share / sum);
}
