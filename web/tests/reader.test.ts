import { describe, expect, it } from "vitest";
import { passes } from "../src/recognition/gate";
import type { ExpressionNetwork, Outputs } from "../src/recognition/model";
import { FaceReader } from "../src/recognition/reader";
import type { OpenModel } from "../src/recognition/reader";

/** A network that answers with the first pixel of each face. */
function model(thresholds: number[] | null): OpenModel & { calls: number } {
  const open = {
    calls: 0,
    size: 2,
    thresholds,
    network: {
      async run(faces: Uint8Array, count: number): Promise<Outputs> {
        open.calls += 1;
        const first = Array.from({ length: count }, (_, i) => faces[i * 4]!);
        return {
          probabilities: Float32Array.from(first.flatMap((value) => [value, 0, 1])),
          map: { scores: Float32Array.from(first.flatMap((value) => [value, value, 0, 0, 1, 1])), rows: 1, columns: 2 },
          novelty: thresholds && Float32Array.from(first.flatMap((value) => [value, -value])),
        };
      },
      close: async () => {},
    } satisfies ExpressionNetwork,
  };
  return open;
}

const faces = Uint8Array.of(1, 0, 0, 0, 9, 0, 0, 0);

describe("FaceReader", () => {
  it("reads one face a call, so that none changes another's result", async () => {
    const own = model(null);
    const readings = await new FaceReader(own, null).read(faces, 2);
    expect(own.calls).toBe(2);
    expect(readings.map(({ reading }) => [...reading.probabilities])).toEqual([[1, 0, 1], [9, 0, 1]]);
    expect(readings.map(({ reading }) => [...reading.map!.scores])).toEqual([[1, 1, 0, 0, 1, 1], [9, 9, 0, 0, 1, 1]]);
  });

  it("has no verdict where no file has a gate", async () => {
    const reader = new FaceReader(model(null), null);
    expect((await reader.read(faces, 2)).map(({ verdict }) => verdict)).toEqual(["none", "none"]);
    expect(await reader.judge(faces, 2)).toEqual(["none", "none"]);
  });

  it("lets the reading model judge along where it has the gate itself", async () => {
    const own = model([5, 0]);
    expect((await new FaceReader(own, own).read(faces, 2)).map(({ verdict }) => verdict)).toEqual(["known", "strange"]);
    expect(own.calls).toBe(2);
  });

  it("asks the other model where that one has the gate", async () => {
    const [own, gate] = [model(null), model([5, 0])];
    const reader = new FaceReader(own, gate);
    expect((await reader.read(faces, 2)).map(({ verdict }) => verdict)).toEqual([null, null]);
    expect(await reader.judge(faces, 2)).toEqual(["known", "strange"]);
  });
});

describe("the gate", () => {
  it("refuses what is beyond any one threshold", () => {
    expect(passes([1, 2], [1, 2])).toBe(true);
    expect(passes([1.1, 2], [1, 2])).toBe(false);
    expect(passes([1, 2.1], [1, 2])).toBe(false);
  });
});
