import { describe, expect, it } from "vitest";
import { verdictOf, wordOn } from "../src/recognition/gate";
import type { Gate } from "../src/recognition/gate";
import { Framing } from "../src/recognition/framing";
import type { ExpressionNetwork, Outputs } from "../src/recognition/model";
import { FaceReader } from "../src/recognition/reader";
import type { Crop, OpenModel } from "../src/recognition/reader";

/** Cut faces may be as unlike as 5, found ones as 7 with as much doubt as the detector leaves. */
const GATE: Gate = { cut: 5, found: 7, doubt_scale: 2, doubt_offset: 3, covered: 1, far: 20 };

const FRAMING = Framing.fromText("blazeface-halfway; down=0; side=2");

/** A network that answers with the first pixel of a face; `calls` counts them, `asked` all their faces. */
function model(gate: Gate | null, framing = FRAMING): OpenModel & { calls: number; asked: number } {
  const open = {
    framing,
    calls: 0,
    asked: 0,
    size: 2,
    classes: ["a", "b", "c"],
    prior: null,
    gate,
    network: {
      together: 8,
      async run(faces: readonly Uint8Array[]): Promise<Outputs[]> {
        open.calls += 1;
        open.asked += faces.length;
        return faces.map(([first]) => ({
          probabilities: Float32Array.of(first!, 0, first === 99 ? NaN : 1),
          map: { scores: Float32Array.of(first!, first!, 0, 0, 1, 1), rows: 1, columns: 2 },
          novelty: gate && Float32Array.of(99, first!, -first!),
        }));
      },
      close: async () => {},
    } satisfies ExpressionNetwork,
  };
  return open;
}

const cut = (first: number): Crop => ({ pixels: Uint8Array.of(first, 0, 0, 0), forGate: null, score: null });
const [one, nine] = [cut(1), cut(9)];

describe("FaceReader", () => {
  it("reads all faces in one call, each for itself", async () => {
    const own = model(null);
    const [first, second] = await new FaceReader(own, null).read([nine, one]);
    expect([...first!.reading.probabilities]).toEqual([9, 0, 1]);
    expect([...first!.reading.map!.scores]).toEqual([9, 9, 0, 0, 1, 1]);
    expect([...second!.reading.probabilities]).toEqual([1, 0, 1]);
    expect([own.calls, own.asked]).toEqual([1, 2]);
  });

  it("has no verdict where no file has a gate", async () => {
    const reader = new FaceReader(model(null), null);
    expect((await reader.read([one]))[0]!.verdict).toBe("none");
    expect(await reader.judge([one, nine])).toEqual(["none", "none"]);
  });

  it("crops a face as each model asks for it", async () => {
    const picture = { width: 100, height: 100, data: Uint8ClampedArray.from({ length: 40000 }, (_, i) => 2 * ((i >> 2) % 100)) };
    const landmarks = [40, 60, 50, 50, 35, 65].map((x, i) => ({ x, y: [45, 45, 50, 60, 48, 48][i]! }));
    const face = { box: { left: 40, top: 40, right: 60, bottom: 60 }, score: 0.9, landmarks };
    const [own, closer] = [model(null), model(GATE, Framing.fromText("blazeface-halfway; down=0; side=1"))];
    const alone = new FaceReader(own, own).cropFace(picture, face, 0.7);
    expect(alone).toEqual({ pixels: expect.anything(), forGate: null, score: 0.7 });
    const { pixels, forGate } = new FaceReader(own, closer).cropFace(picture, face, 0.9);
    expect(pixels).toEqual(alone.pixels);
    const width = ([left, right]: Uint8Array): number => right! - left!;
    expect(width(forGate!)).toBeGreaterThan(0);
    expect(width(forGate!) * 2).toBeCloseTo(width(pixels), -1);
  });

  it("asks the gate's model about its own crop", async () => {
    const [own, other] = [model(null), model(GATE)];
    const face = { pixels: Uint8Array.of(1, 0, 0, 0), forGate: Uint8Array.of(9, 0, 0, 0), score: null };
    expect(await new FaceReader(own, other).judge([face])).toEqual(["strange"]);
    expect((await new FaceReader(own, other).read([face]))[0]!.reading.probabilities[0]).toBe(1);
  });

  it("lets the reading model judge along where it has the gate itself, and does not run it again for that", async () => {
    const own = model(GATE);
    const reader = new FaceReader(own, own);
    expect((await reader.read([one, nine])).map(({ verdict }) => verdict)).toEqual(["known", "strange"]);
    expect(own.calls).toBe(1);
  });

  it("asks the other model where that one has the gate", async () => {
    const [own, gate] = [model(null), model(GATE)];
    const reader = new FaceReader(own, gate);
    expect((await reader.read([nine]))[0]!.verdict).toBeNull();
    expect(await reader.judge([one, nine])).toEqual(["known", "strange"]);
    expect([own.calls, gate.calls, gate.asked]).toEqual([1, 1, 2]);
  });

  it("names no expression from answers that are no numbers", async () => {
    await expect(new FaceReader(model(null), null).read([one, cut(99)])).rejects.toThrow("no number");
  });

  it("finds a face strange whose gate brings no scores", async () => {
    const reader = new FaceReader(model(null), { ...model(null), gate: GATE });
    expect(await reader.judge([one])).toEqual(["strange"]);
  });
});

describe("the gate", () => {
  it("has four words", () => {
    const words = [[0, 5, 1], [0, 5.1, 0], [0, 0, 1.1], [0, 20.1, 9]].map((scores) => wordOn(GATE, scores, null));
    expect(words).toEqual(["known", "near", "covered", "far"]);
    const found = [[0, 20.1, 1.1], [0, 20.1, 1], [0, NaN, 9]].map((scores) => wordOn(GATE, scores, 0.9));
    expect(found).toEqual(["covered", "far", "far"]);
    expect([[0, 5.1, 0], [0, 0, 1.1]].map((scores) => verdictOf(GATE, scores, null))).toEqual(["strange", "covered"]);
  });

  it("takes the detector's word into account, within bounds", () => {
    // A score of .5 leaves a doubt of 3; one of 1 counts as .999.
    expect(wordOn(GATE, [0, 4, 0], 0.5)).toBe("known");
    expect(wordOn(GATE, [0, 4.1, 0], 0.5)).toBe("near");
    expect(wordOn(GATE, [0, 17.8, 0], 1)).toBe("known");
    expect(wordOn(GATE, [0, 17.9, 0], 1)).toBe("near");
  });

  it("is not moved by the relative distance", () => {
    expect(wordOn(GATE, [1e9, 0, 0], null)).toBe("known");
  });

  it.each([NaN, Infinity, -Infinity])("never passes a face whose score is %d", (score) => {
    for (const place of [0, 1, 2]) expect(wordOn(GATE, [0, 0, 0].with(place, score), null)).toBe("far");
    expect(wordOn(GATE, [0, 0, 0], score)).toBe("far");
  });

  it("never passes scores that are fewer or more than it knows", () => {
    expect(wordOn(GATE, [], null)).toBe("far");
    expect(wordOn(GATE, [0, 0], null)).toBe("far");
    expect(wordOn(GATE, [0, 0, 0, 0], null)).toBe("far");
  });
});
