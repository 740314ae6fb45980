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

/** How frequent each class was in a model's training, by its metadata; null where that is not known. */
export function priorOf(properties: Readonly<Record<string, string>>): number[] | null {
  const classes = properties["classes"]!.split(",");
  const told = properties["class_prior"]?.split(",").map(Number) ?? classes.map((name) => TRAINED[name] ?? NaN);
  return told.length === classes.length && told.every((share) => share > 0 && Number.isFinite(share)) ? told : null;
}

/** Probabilities [classes] as they were if all classes had been equally frequent in training; without a prior nothing changes. */
export function evened(probabilities: Float32Array, prior: readonly number[] | null): Float32Array {
  if (!prior) return probabilities;
  const weighted = probabilities.map((share, i) => share / prior[i]!);
  const sum = weighted.reduce((total, share) => total + share, 0);
  return weighted.map((share) => share / sum);
}
