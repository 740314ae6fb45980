import { describe, expect, it } from "vitest";
import { FaceDetector } from "../src/recognition/detection";
import type { DetectionNetwork } from "../src/recognition/detection";
import { Framing } from "../src/recognition/framing";
import type { Detection } from "../src/recognition/geometry";
import { LiveRecognizer } from "../src/recognition/live";
import { FaceReader } from "../src/recognition/reader";
import { golden, pixels } from "./golden";

const OPTIONS = { smooth: false, map: false };
const blind: DetectionNetwork = async () => ({ scores: [], places: [] });

/** A detector that sees what it is told to. */
class Told extends FaceDetector {
  faces: Detection[] = [];
  searches = 0;

  constructor() {
    super(blind, blind);
  }

  override async detect(): Promise<Detection[]> {
    this.searches += 1;
    return this.faces;
  }

  override async follow(): Promise<(Detection | null)[]> {
    return this.faces;
  }
}

function face(x: number, side: number): Detection {
  const landmarks = [2, 3, 4, 5, 6, 7].map((i) => ({ x: x + (i % 2) * side, y: (i * side) / 8 }));
  return { box: { left: x, top: 0, right: x + side, bottom: side }, score: 1, landmarks };
}

/** readings: how many faces were read since it was last asked. */
function live(detector: Told): { readonly recognizer: LiveRecognizer; readings(): number } {
  let read = 0;
  const readings = (): number => {
    const before = read;
    read = 0;
    return before;
  };
  const network = {
    async run() {
      read += 1;
      return { probabilities: new Float32Array(2).fill(0.5), map: null, novelty: null };
    },
    close: async () => {},
  };
  const reader = new FaceReader({ network, size: 48, thresholds: null }, null);
  return { recognizer: new LiveRecognizer(detector, reader, Framing.fromText(golden.framing)), readings };
}

const frame = pixels(64, 48, new Uint8Array(64 * 48 * 3).fill(90));

describe("LiveRecognizer", () => {
  it("reads every new face, then the largest and one other a frame, and shows them all", async () => {
    const detector = new Told();
    detector.faces = [face(0, 10), face(100, 40), face(200, 20), face(300, 30)];
    const { recognizer, readings } = live(detector);
    for (const [i, count] of [4, 2, 2, 2].entries()) {
      const { faces } = await recognizer.frame(frame, i / 30, OPTIONS);
      expect(faces.map(({ id, box }) => [id, box.left])).toEqual([[2, 100], [4, 300], [3, 200], [1, 0]]);
      expect(readings()).toBe(count);
    }
  });

  it("searches the whole frame at first, while no face is in sight, and then only now and again", async () => {
    const detector = new Told();
    const { recognizer, readings } = live(detector);
    for (let i = 0; i < 3; i++) expect((await recognizer.frame(frame, i / 30, OPTIONS)).faces).toEqual([]);
    expect(detector.searches).toBe(3);
    detector.faces = [face(0, 10)];
    for (let i = 3; i < 33; i++) await recognizer.frame(frame, i / 30, OPTIONS);
    expect(detector.searches).toBe(3 + 1 + 2);
    expect(readings()).toBe(30);
  });

  it("says how much a frame differs from the last one", async () => {
    const { recognizer } = live(new Told());
    const brighter = pixels(64, 48, new Uint8Array(64 * 48 * 3).fill(100));
    expect((await recognizer.frame(frame, 0, OPTIONS)).change).toBe(Infinity);
    expect((await recognizer.frame(frame, 1, OPTIONS)).change).toBe(0);
    expect((await recognizer.frame(brighter, 2, OPTIONS)).change).toBe(10);
  });
});
