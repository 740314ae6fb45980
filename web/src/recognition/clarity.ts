/** Which expression a reading names, if any. */

/** Below this share no expression is named: benchmarks/app_clarity.py measures it. */
export const PLAIN = 0.35;

/** The class with the largest share: its place among the classes, and its share. */
export function strongest(probabilities: ArrayLike<number>): { readonly place: number; readonly share: number } {
  let place = 0;
  for (let i = 1; i < probabilities.length; i++) if (probabilities[i]! > probabilities[place]!) place = i;
  return { place, share: probabilities[place]! };
}

/** The place of the class that a single reading names; null where no expression is clear. */
export function named(probabilities: ArrayLike<number>, clear: number | null = null): number | null {
  const { place, share } = strongest(probabilities);
  return share >= (clear ?? PLAIN) ? place : null;
}
