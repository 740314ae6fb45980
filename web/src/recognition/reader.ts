/** Faces' crops in, what they show out: the chosen model and the gate together. */
import { crop } from "./cropping";
import type { Reading, Verdict } from "./faces";
import { verdictOf } from "./gate";
import type { Framing } from "./framing";
import type { Gate } from "./gate";
import type { Detection, Pixels, Square } from "./geometry";
import { evened } from "./prior";
import type { ExpressionNetwork, Outputs } from "./model";

/** A model as its file describes it. */
export interface OpenModel {
  readonly network: ExpressionNetwork;
  readonly size: number;
  /** How faces are cropped for it. */
  readonly framing: Framing;
  readonly classes: readonly string[];
  /** How frequent each class was in training; null where that is not known. */
  readonly prior: readonly number[] | null;
  /** Null where the file has no gate. */
  readonly gate: Gate | null;
}

/** A face's pixels as models take them. */
export interface Crop {
  readonly pixels: Uint8Array;
  /** Cropped as the gate's model asks for it; null where that is the same. */
  readonly forGate: Uint8Array | null;
  /** The detector's score in [0, 1]; null for what no detector took for a face. */
  readonly score: number | null;
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

  /** Crops a face that was found; score: the detector's, or a better one that it had before. */
  cropFace(picture: Pixels, detection: Detection, score: number): Crop {
    const { framing } = this.model;
    const other = this.gate && !this.gate.framing.equals(framing) ? this.gate.framing : null;
    const forGate = other && this.grey(picture, other.square(detection));
    return { pixels: this.grey(picture, framing.square(detection)), forGate, score };
  }

  /** Crops what no detector took for a face. */
  cropSquare(picture: Pixels, square: Square): Crop {
    return { pixels: this.grey(picture, square), forGate: null, score: null };
  }

  private grey(picture: Pixels, square: Square): Uint8Array {
    const { size } = this.model;
    const face = new Uint8Array(size * size);
    crop(picture, square, size, face);
    return face;
  }

  /** Each face's reading, with all classes equally likely beforehand where they are to be. */
  async read(crops: readonly Crop[], evenly = false): Promise<Read[]> {
    const along = this.gate === this.model || !this.gate;
    return (await this.model.network.run(crops.map(({ pixels }) => pixels))).map((outputs, i) => {
      const probabilities = evenly ? evened(outputs.probabilities, this.model.prior) : outputs.probabilities;
      if (!probabilities.every(Number.isFinite)) throw new Error("the model answered with something that is no number");
      return { reading: { probabilities, map: outputs.map }, verdict: along ? this.verdict(outputs, crops[i]!) : null };
    });
  }

  /** The gate's word on each face. */
  async judge(crops: readonly Crop[]): Promise<Verdict[]> {
    if (!this.gate) return crops.map(() => "none");
    const outputs = await this.gate.network.run(crops.map(({ pixels, forGate }) => forGate ?? pixels));
    return outputs.map((of, i) => this.verdict(of, crops[i]!));
  }

  private verdict({ novelty }: Outputs, { score }: Crop): Verdict {
    const gate = this.gate?.gate;
    return gate ? verdictOf(gate, novelty ?? [], score) : "none";
  }
}
