/** A face's crop in, what it shows out: the chosen model and the gate together. */
import type { Reading, Verdict } from "./faces";
import { passes } from "./gate";
import type { ExpressionNetwork, Outputs } from "./model";

/** A model as its file describes it. */
export interface OpenModel {
  readonly network: ExpressionNetwork;
  readonly size: number;
  readonly classes: number;
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
    const outputs = await this.model.network.run(faces, count);
    const { classes } = this.model;
    return Array.from({ length: count }, (_, i) => {
      const map = outputs.map;
      const places = map ? map.rows * map.columns : 0;
      return {
        reading: {
          probabilities: outputs.probabilities.slice(i * classes, (i + 1) * classes),
          map: map && { ...map, scores: map.scores.slice(i * classes * places, (i + 1) * classes * places) },
        },
        verdict: this.gate === this.model || !this.gate ? this.verdict(outputs, i) : null,
      };
    });
  }

  async judge(faces: Uint8Array, count: number): Promise<Verdict[]> {
    if (!this.gate) return new Array<Verdict>(count).fill("none");
    const outputs = await this.gate.network.run(faces, count);
    return Array.from({ length: count }, (_, i) => this.verdict(outputs, i));
  }

  private verdict(outputs: Outputs, face: number): Verdict {
    const thresholds = this.gate?.thresholds;
    if (!thresholds || !outputs.novelty) return "none";
    const scores = outputs.novelty.subarray(face * thresholds.length, (face + 1) * thresholds.length);
    return passes(scores, thresholds) ? "known" : "strange";
  }
}
