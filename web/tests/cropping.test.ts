import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crop, luma } from "../src/recognition/cropping";
import type { Square } from "../src/recognition/geometry";
import { bytes, golden, onSide, photograph, pixels } from "./golden";

const SIZE = 48;
const square = fc.record({
  x: fc.double({ min: -20, max: 60, noNaN: true }),
  y: fc.double({ min: -20, max: 60, noNaN: true }),
  side: fc.double({ min: 1, max: 150, noNaN: true }),
  roll: fc.double({ min: -4, max: 4, noNaN: true }),
});

function cropOf(picture: ReturnType<typeof pixels>, place: Square): Uint8Array {
  const target = new Uint8Array(SIZE * SIZE);
  crop(picture, place, SIZE, target);
  return target;
}

function largestDifference(one: Uint8Array, other: Uint8Array): number {
  return Math.max(...one.map((value, i) => Math.abs(value - other[i]!)));
}

describe("crop", () => {
  const small = pixels(golden.small.width, golden.small.height, bytes(golden.small.rgb));

  it("weighs the colours as Python does", () => {
    for (const [red, green, blue, grey] of golden.luma) expect(luma(red, green, blue)).toBe(grey);
  });

  it("is Python's within one grey level, inside and outside the picture", () => {
    for (const { square: place, crop: theirs } of golden.crops) {
      expect(largestDifference(cropOf(small, place), bytes(theirs))).toBeLessThanOrEqual(1);
    }
  });

  it("of one colour is that colour's grey everywhere", () => {
    const plain = pixels(31, 17, new Uint8Array(31 * 17 * 3).fill(93));
    fc.assert(
      fc.property(square, (place) => {
        expect(new Set(cropOf(plain, place))).toEqual(new Set([93]));
      }),
      { numRuns: 30 },
    );
  });

  it("of 48 pixels on the grid copies them", () => {
    const picture = photograph();
    const copy = cropOf(picture, { x: 20 + 24, y: 10 + 24, side: 48, roll: 0 });
    const expected = copy.map((_, i) => {
      const at = ((10 + Math.floor(i / SIZE)) * picture.width + 20 + (i % SIZE)) * 4;
      return luma(picture.data[at]!, picture.data[at + 1]!, picture.data[at + 2]!);
    });
    expect(copy).toEqual(expected);
  });

  it("is the same when picture and square turn together", () => {
    const picture = photograph();
    const upright = cropOf(picture, { x: 90, y: 50, side: 61.3, roll: 0 });
    const turned = cropOf(onSide(picture), { x: 50, y: picture.width - 90, side: 61.3, roll: -Math.PI / 2 });
    expect(largestDifference(upright, turned)).toBeLessThanOrEqual(1);
  });
});
