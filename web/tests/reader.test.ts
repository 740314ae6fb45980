import { describe, expect, it } from "vitest";
import { passes } from "../src/recognition/gate";
import type { ExpressionNetwork, Outputs } from "../src/recognition/model";
import { FaceReader } from "../src/recognition/reader";
import type { OpenModel } from "../src/recognition/reader";

/** A network that answers with the first pixel of a face; `calls` counts them, `asked` all their faces. */
function model(thresholds: number[] | null): OpenModel & { calls: number; asked: number } {
  const open = {
    calls: 0,
    asked: 0,
    size: 2,
    classes: ["a", "b", "c"],
    thresholds,
    network: {
      together: 8,
      async run(faces: readonly Uint8Array[]): Promise<Outputs[]> {
        open.calls += 1;
        open.asked += faces.length;
        return faces.map(([first]) => ({
          probabilities: Float32Array.of(first!, 0, first === 99 ? NaN : 1),
          map: { scores: Float32Array.of(first!, first!, 0, 0, 1, 1), rows: 1, columns: 2 },
          novelty: thresholds && Float32Array.of(first!, -first!),
        }));
      },
      close: async () => {},
    } satisfies ExpressionNetwork,
  };
  return open;
}

const [one, nine] = [Uint8Array.of(1, 0, 0, 0), Uint8Array.of(9, 0, 0, 0)];

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

  it("lets the reading model judge along where it has the gate itself, and does not run it again for that", async () => {
    const own = model([5, 0]);
    const reader = new FaceReader(own, own);
    expect((await reader.read([one, nine])).map(({ verdict }) => verdict)).toEqual(["known", "strange"]);
    expect(own.calls).toBe(1);
  });

  it("asks the other model where that one has the gate", async () => {
    const [own, gate] = [model(null), model([5, 0])];
    const reader = new FaceReader(own, gate);
    expect((await reader.read([nine]))[0]!.verdict).toBeNull();
    expect(await reader.judge([one, nine])).toEqual(["known", "strange"]);
    expect([own.calls, gate.calls, gate.asked]).toEqual([1, 1, 2]);
  });

  it("names no expression from answers that are no numbers", async () => {
    await expect(new FaceReader(model(null), null).read([one, Uint8Array.of(99, 0, 0, 0)])).rejects.toThrow("no number");
  });

  it("finds a face strange whose gate brings no scores", async () => {
    const reader = new FaceReader(model(null), { ...model(null), thresholds: [5, 0] });
    expect(await reader.judge([one])).toEqual(["strange"]);
  });
});

describe("the gate", () => {
  it("refuses what is beyond any one threshold", () => {
    expect(passes([1, 2], [1, 2])).toBe(true);
    expect(passes([1.1, 2], [1, 2])).toBe(false);
    expect(passes([1, 2.1], [1, 2])).toBe(false);
  });

  it.each([NaN, Infinity, -Infinity])("never passes a face whose score is %d", (score) => {
    expect(passes([score, 0], [1, 2])).toBe(false);
    expect(passes([0, score], [1, Infinity])).toBe(false);
  });

  it("never passes scores that are fewer or more than the thresholds", () => {
    expect(passes([0], [1, 2])).toBe(false);
    expect(passes([0, 0, 9], [1, 2])).toBe(false);
  });
});
