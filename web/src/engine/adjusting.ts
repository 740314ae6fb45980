/** A picture's brightness and contrast, before it is read. */
import type { Adjustment } from "./protocol";

/** Changes RGBA pixels in place: brightness multiplies them, contrast spreads them about the middle grey. */
export function adjusted<P extends { readonly data: Uint8ClampedArray }>(pixels: P, { brightness, contrast }: Adjustment): P {
  if (brightness === 1 && contrast === 1) return pixels;
  const levels = Uint8ClampedArray.from({ length: 256 }, (_, level) => (level * brightness - 128) * contrast + 128);
  const { data } = pixels;
  for (let i = 0; i < data.length; i += 4) {
    for (let channel = i; channel < i + 3; channel++) data[channel] = levels[data[channel]!]!;
  }
  return pixels;
}
