import type { Pixels, Square } from "./geometry";

/** What stands outside the picture; the networks see it as zero, as at the border of their own convolutions. */
const GREY = 128;

/** A picture with its halves, quarters and so on, each made when it is first asked for. */
export class Pyramid {
  private readonly levels: Pixels[];
  private readonly smallest: number;

  /** smallest: halving stops when the longer side would fall below this. */
  constructor(picture: Pixels, smallest: number) {
    this.levels = [picture];
    this.smallest = smallest;
  }

  /**
   * Fills `target` (float32 RGB, size x size x 3, in [-1, 1]) with a square of the picture, upright.
   *
   * In float32 and with halves rounded to even, as OpenCV does: places are often simple fractions, values then exact
   * halves, and a single grey level moves the networks' boxes by a hundredth of a pixel.
   */
  view(square: Square, size: number, target: Float32Array): void {
    const { fround } = Math;
    const level = this.level(Math.trunc(Math.log2(square.side / size)));
    const { width, height, data } = this.levels[level]!;
    const shrink = 2 ** level;
    const scale = square.side / size / shrink;
    const half = (size - 1) / 2;
    const [exactCos, exactSin] = [Math.cos(square.roll) * scale, Math.sin(square.roll) * scale];
    const left = fround(square.x / shrink - 0.5 - half * (exactCos - exactSin));
    const top = fround(square.y / shrink - 0.5 - half * (exactSin + exactCos));
    const [cos, sin] = [fround(exactCos), fround(exactSin)];
    let place = 0;
    for (let row = 0; row < size; row++) {
      const rowX = fround(left - sin * row);
      const rowY = fround(top + cos * row);
      for (let column = 0; column < size; column++, place += 3) {
        const x = fround(cos * column + rowX);
        const y = fround(sin * column + rowY);
        const x0 = Math.floor(x);
        const y0 = Math.floor(y);
        if (x0 < -1 || y0 < -1 || x0 >= width || y0 >= height) {
          target[place] = target[place + 1] = target[place + 2] = (GREY - 127.5) / 127.5;
          continue;
        }
        const right = fround(x - x0);
        const lower = fround(y - y0);
        const inside = x0 >= 0 && y0 >= 0 && x0 + 1 < width && y0 + 1 < height;
        const at = (y0 * width + x0) * 4;
        for (let channel = 0; channel < 3; channel++) {
          const i = at + channel;
          const a = inside || (x0 >= 0 && y0 >= 0) ? data[i]! : GREY;
          const b = inside || (x0 + 1 < width && y0 >= 0) ? data[i + 4]! : GREY;
          const c = inside || (x0 >= 0 && y0 + 1 < height) ? data[i + width * 4]! : GREY;
          const d = inside || (x0 + 1 < width && y0 + 1 < height) ? data[i + width * 4 + 4]! : GREY;
          const upper = fround(a + fround(right * (b - a)));
          const under = fround(c + fround(right * (d - c)));
          const value = roundHalfToEven(fround(upper + fround(lower * fround(under - upper))));
          target[place + channel] = (value - 127.5) / 127.5;
        }
      }
    }
  }

  /** The nearest level that there is, made if need be. */
  private level(wanted: number): number {
    while (this.levels.length <= wanted) {
      const last = this.levels[this.levels.length - 1]!;
      if (Math.max(last.width, last.height) < 2 * this.smallest) break;
      this.levels.push(halve(last));
    }
    return Math.min(Math.max(wanted, 0), this.levels.length - 1);
  }
}

/** Half the picture, each pixel the rounded mean of 2 x 2; an odd last row or column is left out, a single one stays. */
export function halve(pixels: Pixels): Pixels {
  const width = Math.max(pixels.width >> 1, 1);
  const height = Math.max(pixels.height >> 1, 1);
  const across = pixels.width > 1 ? 4 : 0;
  const down = pixels.height > 1 ? pixels.width * 4 : 0;
  const source = pixels.data;
  const data = new Uint8ClampedArray(width * height * 4);
  let place = 0;
  for (let row = 0; row < height; row++) {
    let at = row * 2 * down;
    for (let column = 0; column < width; column++, at += 8, place += 4) {
      for (let channel = 0; channel < 3; channel++) {
        const i = at + channel;
        data[place + channel] =
          (source[i]! + source[i + across]! + source[i + down]! + source[i + down + across]! + 2) >> 2;
      }
    }
  }
  return { width, height, data };
}

function roundHalfToEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}
