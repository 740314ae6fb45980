/** What runs a model, whichever engine is behind it. */

export interface Outputs {
  /** float32 [count, classes], each face's summing to 1. */
  readonly probabilities: Float32Array;
  /** float32 [count, classes, rows, columns], or null where the model has no map. */
  readonly map: { readonly scores: Float32Array; readonly rows: number; readonly columns: number } | null;
  /** float32 [count, scores], or null where the file has no gate. */
  readonly novelty: Float32Array | null;
}

/** An open model file: `faces` is uint8 grey [count, size, size]. */
export interface ExpressionNetwork {
  run(faces: Uint8Array, count: number): Promise<Outputs>;
  close(): Promise<void>;
}
