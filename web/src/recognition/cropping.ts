/** The crop contract, the same within one grey level as Python's `cropping.py`. */
import { toPicture } from "./geometry";
import type { Pixels, Square } from "./geometry";

export function luma(red: number, green: number, blue: number): number {
  return (77 * red + 150 * green + 29 * blue + 128) >> 8;
}

/**
 * Writes the square, upright and grey, to `target` (uint8 size x size).
 *
 * Bilinear samples of luma on a grid of k size x k size, k = ceil(side / size), then the rounded mean of k x k; outside
 * the picture its edge repeats.
 */
export function crop(picture: Pixels, square: Square, size: number, target: Uint8Array): void {
  const { width, height, data } = picture;
  const k = Math.max(1, Math.ceil(square.side / size));
  const grid = k * size;
  const origin = toPicture({ x: 0.5 / grid, y: 0.5 / grid }, square);
  const cos = (Math.cos(square.roll) * square.side) / grid;
  const sin = (Math.sin(square.roll) * square.side) / grid;
  const clamp = (value: number, most: number): number => (value < 0 ? 0 : value > most ? most : value);
  const grey = (x: number, y: number): number => {
    const at = (y * width + x) * 4;
    return luma(data[at]!, data[at + 1]!, data[at + 2]!);
  };
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      let sum = 0;
      for (let j = row * k; j < row * k + k; j++) {
        for (let i = column * k; i < column * k + k; i++) {
          const x = origin.x + cos * i - sin * j - 0.5;
          const y = origin.y + sin * i + cos * j - 0.5;
          const x0 = Math.floor(x);
          const y0 = Math.floor(y);
          const left = clamp(x0, width - 1);
          const right = clamp(x0 + 1, width - 1);
          const top = clamp(y0, height - 1);
          const bottom = clamp(y0 + 1, height - 1);
          const a = grey(left, top);
          const c = grey(left, bottom);
          const upper = a + (grey(right, top) - a) * (x - x0);
          sum += upper + (c + (grey(right, bottom) - c) * (x - x0) - upper) * (y - y0);
        }
      }
      target[row * size + column] = Math.floor(sum / (k * k) + 0.5);
    }
  }
}
