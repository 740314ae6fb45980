import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Detection } from "../src/recognition/geometry";
import { heat } from "../src/recognition/heat";
import { Smoother, Tracker } from "../src/recognition/tracking";

function face(x: number, y: number, side = 40): Detection {
  const box = { left: x, top: y, right: x + side, bottom: y + side };
  return { box, score: 1, landmarks: new Array(6).fill({ x, y }) };
}

const ids = (tracker: Tracker): number[] => tracker.current.map((track) => track.id);

describe("Tracker", () => {
  it("keeps a face's id while it moves, and gives the next one to a new face", () => {
    const tracker = new Tracker();
    tracker.search([face(0, 0)], 0);
    for (let i = 1; i <= 20; i++) tracker.follow([face(i * 5, 0)], i / 30);
    tracker.search([face(300, 0), face(105, 0)], 0.7);
    expect(tracker.current.map((track) => [track.id, track.detection.box.left])).toEqual([[1, 105], [2, 300]]);
  });

  it("waits a moment for a lost face, and no longer", () => {
    const tracker = new Tracker();
    tracker.search([face(0, 0)], 0);
    tracker.follow([null], 0.5);
    expect(ids(tracker)).toEqual([1]);
    tracker.search([face(2, 2)], 0.55);
    expect(ids(tracker)).toEqual([1]);
    tracker.follow([null], 1.3);
    expect(ids(tracker)).toEqual([]);
    tracker.search([face(0, 0)], 1.4);
    expect(ids(tracker)).toEqual([2]);
  });

  it("lets the older of two tracks have a face that both ended up on", () => {
    const tracker = new Tracker();
    tracker.search([face(0, 0), face(100, 0)], 0);
    tracker.follow([face(50, 0), face(52, 0)], 0.1);
    expect(ids(tracker)).toEqual([1]);
  });

  it("never has two faces of one id", () => {
    const place = fc.tuple(fc.nat(300), fc.nat(300)).map(([x, y]) => face(x, y));
    fc.assert(
      fc.property(fc.array(fc.array(place, { maxLength: 5 }), { maxLength: 12 }), (frames) => {
        const tracker = new Tracker();
        frames.forEach((faces, i) => {
          tracker.search(faces, i / 10);
          expect(new Set(ids(tracker)).size).toBe(ids(tracker).length);
        });
      }),
    );
  });
});

describe("Smoother", () => {
  const shares = fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 7, maxLength: 7 }).map((values) => {
    const sum = values.reduce((total, value) => total + value, 0);
    return Float32Array.from(values, (value) => value / sum);
  });

  it("gives shares that sum to one", () => {
    fc.assert(
      fc.property(fc.array(shares, { minLength: 1, maxLength: 20 }), (readings) => {
        const smoother = new Smoother();
        readings.forEach((reading, i) => {
          const sum = smoother.add(reading, i / 30).reduce((total, value) => total + value, 0);
          expect(sum).toBeCloseTo(1, 4);
        });
      }),
    );
  });

  it("follows time and not frames", () => {
    const [low, high] = [Float32Array.of(0, 1), Float32Array.of(1, 0)];
    const end = (frames: number): number => {
      const smoother = new Smoother();
      smoother.add(low, 0);
      let last: Float32Array = low;
      for (let i = 1; i <= frames; i++) last = smoother.add(high, i / frames);
      return last[0]!;
    };
    expect(end(10)).toBeCloseTo(end(30), 5);
    expect(end(10)).toBeGreaterThan(0.9);
  });

  it("starts with the first reading as it is", () => {
    expect(new Smoother().add(Float32Array.of(0.25, 0.75), 100)).toEqual(Float32Array.of(0.25, 0.75));
  });
});

describe("heat", () => {
  it("is the named class's, in [0, 1], and strongest at its strongest place", () => {
    const map = Float32Array.of(9, 9, 9, 9, 0, 1, 2, 5);
    expect(heat(map, 1, 4)).toEqual(Float32Array.of(0, 0, 0, 1));
    expect(heat(map, 0, 4)).toEqual(Float32Array.of(0, 0, 0, 0));
  });
});
