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

/**
 * An open model file. It takes one face a call, uint8 grey [size, size]: an int8 file takes its scales from all faces of
 * a call, and a neighbour must not change a result.
 */
export interface ExpressionNetwork {
  run(face: Uint8Array): Promise<Outputs>;
  close(): Promise<void>;
}
