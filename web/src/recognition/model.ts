/** What runs a model, whichever engine is behind it. */

/** What a model says of one face. */
export interface Outputs {
  /** float32 [classes], summing to 1. */
  readonly probabilities: Float32Array;
  /** float32 [classes, rows, columns], or null where the model has no map. */
  readonly map: { readonly scores: Float32Array; readonly rows: number; readonly columns: number } | null;
  /** float32 [scores], or null where the file has no gate. */
  readonly novelty: Float32Array | null;
}

/** An open model file. */
export interface ExpressionNetwork {
  /** As many faces are worth waiting for, to be read in one call; 1 where each costs as much as the first. */
  readonly together: number;
  /** What it says of each face, uint8 grey [size, size], in the same order. A neighbour never changes a result. */
  run(faces: readonly Uint8Array[]): Promise<Outputs[]>;
  close(): Promise<void>;
}
