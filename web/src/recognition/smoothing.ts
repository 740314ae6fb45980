/** A face's probabilities over time: single frames flicker, expressions do not. */

/** A reading's weight falls to a third after this long, in seconds: slower than flicker, quicker than a smile. */
export const MEMORY = 0.35;

/** A running mean that follows time and not frames, so that a slow device smooths as a quick one does. */
export class Smoother {
  private value: Float32Array | null = null;
  private time = 0;

  /**
   * @param values what was measured, the same number of values each time
   * @param time seconds, never falling
   * @returns the mean so far; the first measurement as it is
   */
  add(values: ArrayLike<number>, time: number, memory = MEMORY): Float32Array {
    this.value ??= Float32Array.from(values);
    const weight = 1 - Math.exp(-Math.max(time - this.time, 0) / memory);
    const { value } = this;
    for (let i = 0; i < value.length; i++) value[i]! += weight * (values[i]! - value[i]!);
    this.time = time;
    return value.slice();
  }
}
