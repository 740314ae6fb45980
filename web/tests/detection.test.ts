import { readFileSync } from "node:fs";
import fc from "fast-check";
import * as ort from "onnxruntime-web/wasm";
import { beforeAll, describe, expect, it } from "vitest";
import { crop } from "../src/recognition/cropping";
import { BACK_SIZE, FaceDetector, KEEP, FRONT_SIZE, anchors, decode, merge, tileSquares } from "../src/recognition/detection";
import { Framing } from "../src/recognition/framing";
import { overlap } from "../src/recognition/geometry";
import type { Detection } from "../src/recognition/geometry";
import { Pyramid, halve } from "../src/recognition/pyramid";
import { openDetector } from "../src/engine/wasm";
import { bytes, golden, onSide, photograph, pixels } from "./golden";

const file = (path: string): Uint8Array => readFileSync(new URL(path, import.meta.url));

describe("arithmetic of the detector", () => {
  it("has Python's anchors", () => {
    const ours = anchors();
    expect(ours).toHaveLength(896);
    const some = [0, 1, 2, 511, 512, 517, 518, 895].flatMap((i) => [ours[i]!.x, ours[i]!.y]);
    some.forEach((value, i) => expect(value).toBeCloseTo(golden.anchors[i]!, 4));
  });

  it("merges as Python does", () => {
    for (const { detections, merged } of golden.merges) {
      const ours = merge(detections);
      expect(ours).toHaveLength(merged.length);
      ours.forEach((one, i) => {
        expect(one.score).toBe(merged[i]!.score);
        expect(overlap(one.box, merged[i]!.box)).toBeGreaterThan(0.9999);
        one.landmarks.forEach(({ x }, point) => expect(x).toBeCloseTo(merged[i]!.landmarks[point]!.x, 3));
      });
    }
  });

  it("lays Python's tiles", () => {
    for (const { height, width, squares } of golden.tiles) {
      const ours = tileSquares(height, width, 6);
      expect(ours).toHaveLength(squares.length);
      ours.forEach((one, i) => {
        for (const name of ["x", "y", "side"] as const) expect(one[name]).toBeCloseTo(squares[i]![name], 3);
      });
    }
  });

  it("finds nothing where a score is no number", () => {
    const square = { x: 64, y: 64, side: 128, roll: 0 };
    const raw = (score: number): Parameters<typeof decode>[0] => ({ scores: [Float32Array.of(score)], places: [new Float32Array(16).fill(20)] });
    expect(decode(raw(5), square, FRONT_SIZE, 0.5)).toHaveLength(1);
    for (const score of [NaN, -Infinity, -5]) expect(decode(raw(score), square, FRONT_SIZE, 0.5)).toEqual([]);
  });

  it("covers any picture with its tiles", () => {
    const length = fc.integer({ min: 1, max: 6000 });
    fc.assert(
      fc.property(length, length, (height, width) => {
        const tiles = tileSquares(height, width, 6);
        if (!tiles.length) return;
        for (const [x, y] of [[0, 0], [width, 0], [0, height], [width, height], [width / 2, height / 2]] as const) {
          const covers = ({ x: left, y: top, side }: (typeof tiles)[number]): boolean =>
            Math.max(Math.abs(x - left), Math.abs(y - top)) <= side / 2 + 1e-6;
          expect(tiles.some(covers)).toBe(true);
        }
      }),
    );
  });

  it("halves to the mean", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.nat(255), (width, height, grey) => {
        const half = halve(pixels(width, height, new Uint8Array(width * height * 3).fill(grey)));
        expect([half.width, half.height]).toEqual([Math.max(width >> 1, 1), Math.max(height >> 1, 1)]);
        expect(half.data.every((value, i) => i % 4 === 3 || value === grey)).toBe(true);
      }),
    );
  });

  it("sees its own zero outside the picture", () => {
    const view = new Float32Array(8 * 8 * 3);
    new Pyramid(pixels(4, 4, new Uint8Array(48)), 8).view({ x: 100, y: 100, side: 8, roll: 1 }, 8, view);
    expect(view.every((value) => Math.abs(value) < 0.01)).toBe(true);
  });
});

describe("FaceDetector on the golden photograph", () => {
  let detector: FaceDetector;

  beforeAll(async () => {
    ort.env.wasm.wasmBinary = file("../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm").slice().buffer;
    const near = await openDetector(file("../../models/blazeface_near.onnx"), FRONT_SIZE);
    const far = await openDetector(file("../../models/blazeface_far.onnx"), BACK_SIZE);
    detector = new FaceDetector(near, far);
  });

  const framing = Framing.fromText(golden.framing);
  const hold = (found: readonly Detection[], expected: typeof golden.faces, picture: ReturnType<typeof photograph>): void => {
    expect(found).toHaveLength(expected.length);
    found.forEach((face, i) => {
      expect(overlap(face.box, expected[i]!.box)).toBeGreaterThanOrEqual(0.98);
      expect(face.score).toBeCloseTo(expected[i]!.score, 2);
      const ours = new Uint8Array(48 * 48);
      crop(picture, framing.square(face), 48, ours);
      const theirs = bytes(expected[i]!.crop);
      const mean = ours.reduce((sum, value, place) => sum + Math.abs(value - theirs[place]!), 0) / ours.length;
      expect(mean).toBeLessThan(1);
    });
  };

  it("finds the face that Python finds, where Python finds it", async () => {
    hold(await detector.detect(photograph()), golden.faces, photograph());
  });

  it("finds it on its side, and crops it upright", async () => {
    const turned = onSide(photograph());
    hold(await detector.detect(turned), golden.facesOnSide, turned);
  });

  it("follows it from one frame to the next", async () => {
    const [face] = golden.faces;
    const frame = detector.pyramid(photograph());
    const followed = await detector.refine(frame, face!, KEEP);
    expect(overlap(followed!.box, face!.box)).toBeGreaterThan(0.9);
    const nowhere = { ...face!, box: { left: 0, top: 150, right: 20, bottom: 170 } };
    expect(await detector.refine(frame, nowhere, KEEP)).toBeNull();
  });

  it("names it among the candidates of a frame", async () => {
    const picture = photograph();
    const [best] = await detector.candidates(detector.pyramid(picture), picture);
    expect(overlap(best!.box, golden.faces[0]!.box)).toBeGreaterThan(0.5);
  });

  it("finds nothing in a picture of one pixel", async () => {
    expect(await detector.detect(pixels(1, 1, new Uint8Array(3)))).toEqual([]);
  });
});
