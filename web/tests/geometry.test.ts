import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Framing } from "../src/recognition/framing";
import { area, overlap, toPicture, rollOf } from "../src/recognition/geometry";
import type { Box } from "../src/recognition/geometry";
import { golden } from "./golden";

const number = fc.double({ min: -100, max: 100, noNaN: true });
const box = fc
  .tuple(number, number, fc.double({ min: 1, max: 80, noNaN: true }), fc.double({ min: 1, max: 80, noNaN: true }))
  .map(([left, top, width, height]): Box => ({ left, top, right: left + width, bottom: top + height }));

describe("overlap", () => {
  it("is symmetric, in [0, 1], and 1 only for the same box", () => {
    fc.assert(
      fc.property(box, box, (one, other) => {
        const common = overlap(one, other);
        expect(common).toBeGreaterThanOrEqual(0);
        expect(common).toBeLessThanOrEqual(1);
        expect(common).toBeCloseTo(overlap(other, one), 12);
        expect(overlap(one, one)).toBeCloseTo(1, 12);
      }),
    );
  });

  it("is the inner box's share where one lies in the other", () => {
    const outer = { left: 0, top: 0, right: 10, bottom: 10 };
    const inner = { left: 2, top: 2, right: 7, bottom: 6 };
    expect(overlap(inner, outer)).toBeCloseTo(area(inner) / area(outer), 12);
  });
});

describe("toPicture", () => {
  it("takes the middle to the centre, and keeps lengths", () => {
    const side = fc.double({ min: 1, max: 500, noNaN: true });
    const roll = fc.double({ min: -4, max: 4, noNaN: true });
    fc.assert(
      fc.property(number, number, side, roll, (x, y, length, angle) => {
        const square = { x, y, side: length, roll: angle };
        const middle = toPicture({ x: 0.5, y: 0.5 }, square);
        expect(middle.x).toBeCloseTo(x, 9);
        expect(middle.y).toBeCloseTo(y, 9);
        const [left, right] = [toPicture({ x: 0, y: 0.5 }, square), toPicture({ x: 1, y: 0.5 }, square)];
        expect(Math.hypot(right.x - left.x, right.y - left.y)).toBeCloseTo(length, 6);
        expect(Math.cos(Math.atan2(right.y - left.y, right.x - left.x) - angle)).toBeCloseTo(1, 9);
      }),
    );
  });
});

describe("Framing", () => {
  const framing = Framing.fromText(golden.framing);

  it("gives Python's squares and turns", () => {
    for (const { detection, roll, square } of golden.framings) {
      expect(rollOf(detection.landmarks)).toBeCloseTo(roll, 3);
      const ours = framing.square(detection);
      for (const name of ["x", "y", "side", "roll"] as const) expect(ours[name]).toBeCloseTo(square[name], 2);
    }
  });

  it("refuses a convention it does not know", () => {
    expect(() => Framing.fromText("eyes; side=2")).toThrow("does not know");
  });
});
