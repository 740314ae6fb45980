/** A face's crop in, what it shows out: the chosen model and the gate together. */
import type { Reading, Verdict } from "./faces";
import { passes } from "./gate";
import type { ExpressionNetwork, Outputs } from "./model";

/** A model as its file describes it. */
export interface OpenModel {
  readonly network: ExpressionNetwork;
  readonly size: number;
  /** Null where the file has no gate. */
  readonly thresholds: readonly number[] | null;
}

export class FaceReader {
  readonly model: OpenModel;
  private readonly gate: OpenModel | null;

  /** gate: the model that judges; it may be the one that reads. Null where there is none. */
  constructor(model: OpenModel, gate: OpenModel | null) {
    this.model = model;
    this.gate = gate;
  }

  /** One reading a face, and the gate's word where the reading brings it along (null: ask `judge`). */
  async read(faces: Uint8Array, count: number): Promise<{ reading: Reading; verdict: Verdict | null }[]> {
    const along = this.gate === this.model || !this.gate;
    return (await oneByOne(this.model, faces, count)).map((outputs) => ({
      reading: { probabilities: outputs.probabilities, map: outputs.map },
      verdict: along ? this.verdict(outputs) : null,
    }));
  }

  async judge(faces: Uint8Array, count: number): Promise<Verdict[]> {
    if (!this.gate) return new Array<Verdict>(count).fill("none");
    return (await oneByOne(this.gate, faces, count)).map((outputs) => this.verdict(outputs));
  }

  private verdict({ novelty }: Outputs): Verdict {
    const thresholds = this.gate?.thresholds;
    if (!thresholds || !novelty) return "none";
    return passes(novelty, thresholds) ? "known" : "strange";
  }
}

/** As in Python: an int8 file takes its scales from all faces of a call, and a neighbour must not change a result. */
async function oneByOne({ network, size }: OpenModel, faces: Uint8Array, count: number): Promise<Outputs[]> {
  const all: Outputs[] = [];
  for (let i = 0; i < count; i++) all.push(await network.run(faces.slice(i * size * size, (i + 1) * size * size), 1));
  return all;
}
