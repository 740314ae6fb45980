/** Faces' crops in, what they show out: the chosen model and the gate together. */
import type { Reading, Verdict } from "./faces";
import { passes } from "./gate";
import { evened } from "./prior";
import type { ExpressionNetwork, Outputs } from "./model";

/** A model as its file describes it. */
export interface OpenModel {
  readonly network: ExpressionNetwork;
  readonly size: number;
  readonly classes: readonly string[];
  /** Null where the file has no gate. */
  readonly thresholds: readonly number[] | null;
}

/** A face's reading, and the gate's word where the reading brings it along (null: ask `judge`). */
export interface Read {
  readonly reading: Reading;
  readonly verdict: Verdict | null;
}

export class FaceReader {
  readonly model: OpenModel;
  private readonly gate: OpenModel | null;

  /** gate: the model that judges; it may be the one that reads. Null where there is none. */
  constructor(model: OpenModel, gate: OpenModel | null) {
    this.model = model;
    this.gate = gate;
  }

  /** Each face's reading, with all classes equally likely beforehand where they are to be. */
  async read(faces: readonly Uint8Array[], evenly = false): Promise<Read[]> {
    const along = this.gate === this.model || !this.gate;
    return (await this.model.network.run(faces)).map((outputs) => {
      const probabilities = evenly ? evened(outputs.probabilities, this.model.classes) : outputs.probabilities;
      if (!probabilities.every(Number.isFinite)) throw new Error("the model answered with something that is no number");
      return { reading: { probabilities, map: outputs.map }, verdict: along ? this.verdict(outputs) : null };
    });
  }

  /** The gate's word on each face. */
  async judge(faces: readonly Uint8Array[]): Promise<Verdict[]> {
    return this.gate ? (await this.gate.network.run(faces)).map((outputs) => this.verdict(outputs)) : faces.map(() => "none");
  }

  private verdict({ novelty }: Outputs): Verdict {
    const thresholds = this.gate?.thresholds;
    if (!thresholds) return "none";
    return novelty && passes(novelty, thresholds) ? "known" : "strange";
  }
}
