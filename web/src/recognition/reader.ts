/** A face's crop in, what it shows out: the chosen model and the gate together. */
import type { Reading, Verdict } from "./faces";
import { verdictOf } from "./gate";
import type { Gate } from "./gate";
import { evened } from "./prior";
import type { ExpressionNetwork, Outputs } from "./model";

/** A model as its file describes it. */
export interface OpenModel {
  readonly network: ExpressionNetwork;
  readonly size: number;
  readonly classes: readonly string[];
  /** Null where the file has no gate. */
  readonly gate: Gate | null;
}

export class FaceReader {
  readonly model: OpenModel;
  private readonly gate: OpenModel | null;

  /** gate: the model that judges; it may be the one that reads. Null where there is none. */
  constructor(model: OpenModel, gate: OpenModel | null) {
    this.model = model;
    this.gate = gate;
  }

  /**
   * A face's reading, with all classes equally likely beforehand where they are to be, and the gate's word where the reading brings it along (null: ask `judge`).
   *
   * @param found the detector's score of the face; null for what no detector took for one
   */
  async read(face: Uint8Array, found: number | null, evenly = false): Promise<{ readonly reading: Reading; readonly verdict: Verdict | null }> {
    const outputs = await this.model.network.run(face);
    const { map } = outputs;
    const probabilities = evenly ? evened(outputs.probabilities, this.model.classes) : outputs.probabilities;
    if (!probabilities.every(Number.isFinite)) throw new Error("the model answered with something that is no number");
    const along = this.gate === this.model || !this.gate;
    return { reading: { probabilities, map }, verdict: along ? this.verdict(outputs, found) : null };
  }

  async judge(face: Uint8Array, found: number | null): Promise<Verdict> {
    return this.gate ? this.verdict(await this.gate.network.run(face), found) : "none";
  }

  private verdict({ novelty }: Outputs, found: number | null): Verdict {
    const gate = this.gate?.gate;
    return gate ? verdictOf(gate, novelty ?? [], found) : "none";
  }
}
