import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Detection } from "../src/recognition/geometry";
import { heat } from "../src/recognition/heat";
import { MEMORY, Smoother } from "../src/recognition/smoothing";
import { Tracker, expected, thumbnail } from "../src/recognition/tracking";
import { pixels } from "./golden";

function face(x: number, y: number, side = 40): Detection {
  const box = { left: x, top: y, right: x + side, bottom: y + side };
  return { box, score: 1, landmarks: new Array(6).fill({ x, y }) };
}

const ids = (tracker: Tracker): number[] => tracker.current.map((track) => track.id);
const plain = pixels(400, 400, new Uint8Array(400 * 400 * 3).fill(90));
/** Two faces of other colours, on the left and on the right. */
const two = pixels(400, 400, Uint8Array.from({ length: 400 * 400 * 3 }, (_, i) => {
  const [x, y, channel] = [Math.floor(i / 3) % 400, Math.floor(i / 1200), i % 3];
  return x < 200 ? (y % 40) * 6 : channel * 100;
}));

describe("Tracker", () => {
  it("keeps a face's number while it moves, and gives the next one to a new face", () => {
    const tracker = new Tracker();
    tracker.search([face(0, 0)], plain, 0);
    for (let i = 1; i <= 20; i++) tracker.follow(tracker.current[0]!, face(i * 5, 0), plain, i / 30);
    tracker.search([face(300, 0), face(105, 0)], plain, 0.7);
    expect(tracker.current.map((track) => [track.id, track.detection.box.left])).toEqual([[1, 105], [2, 300]]);
  });

  it("expects a moving face further on, for half a second", () => {
    const tracker = new Tracker();
    tracker.search([face(0, 0)], plain, 0);
    for (let i = 1; i <= 20; i++) tracker.follow(tracker.current[0]!, face(i * 5, 0), plain, i / 30);
    const at = (time: number): number => expected(tracker.current[0]!, time).box.left;
    expect(at(21 / 30)).toBeCloseTo(105, 0);
    expect(at(5)).toBeCloseTo(at(20 / 30 + 0.5), 5);
  });

  it("waits two seconds for a lost face, and no longer", () => {
    const tracker = new Tracker();
    const lose = (time: number): void => {
      tracker.follow(tracker.current[0]!, null, plain, time);
      tracker.settle(time);
    };
    tracker.search([face(0, 0)], plain, 0);
    lose(1.9);
    tracker.search([face(2, 2)], plain, 1.95);
    expect(ids(tracker)).toEqual([1]);
    lose(4);
    expect(ids(tracker)).toEqual([]);
    tracker.search([face(0, 0)], plain, 4.1);
    expect(ids(tracker)).toEqual([2]);
  });

  it("knows a face again that comes back beside the place it left, and not another one", () => {
    const back = (left: number): number[] => {
      const tracker = new Tracker();
      tracker.search([face(100, 100)], two, 0);
      tracker.search([], two, 0.1);
      tracker.search([face(left, 100)], two, 1.5);
      return ids(tracker);
    };
    expect(back(40)).toEqual([1]);
    expect(back(220)).toEqual([1, 2]);
  });

  it("lets the older of two tracks have a face that both ended up on", () => {
    const tracker = new Tracker();
    tracker.search([face(0, 0), face(100, 0)], plain, 0);
    tracker.follow(tracker.current[0]!, face(50, 0), plain, 0.1);
    tracker.follow(tracker.current[1]!, face(52, 0), plain, 0.1);
    tracker.settle(0.1);
    expect(ids(tracker)).toEqual([1]);
  });

  it("never has two faces of one number, and never gives one twice", () => {
    const place = fc.tuple(fc.nat(300), fc.nat(300)).map(([x, y]) => face(x, y));
    fc.assert(
      fc.property(fc.array(fc.array(place, { maxLength: 5 }), { maxLength: 12 }), (frames) => {
        const tracker = new Tracker();
        frames.forEach((faces, i) => {
          tracker.search(faces, plain, i / 10);
          tracker.settle(i / 10);
          expect(new Set(ids(tracker)).size).toBe(ids(tracker).length);
        });
      }),
      { numRuns: 30 },
    );
  });
});

describe("thumbnail", () => {
  it("has length one, and is finite for plain and tiny boxes in and out of the picture", () => {
    expect(Math.hypot(...thumbnail(two, face(20, 20).box))).toBeCloseTo(1, 5);
    for (const one of [face(0, 0), face(-500, 900, 1)]) expect(thumbnail(plain, one.box).every(Number.isFinite)).toBe(true);
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

  it("lets a reading fall to a third after its memory", () => {
    const smoother = new Smoother();
    smoother.add([1], 0);
    expect(smoother.add([0], MEMORY)[0]).toBeCloseTo(Math.exp(-1), 5);
    expect(MEMORY).toBe(0.35);
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
