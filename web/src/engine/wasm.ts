/** ONNX Runtime Web, on one thread: browsers without cross-origin isolation, and Android's WebView, give no more. */
import * as ort from "onnxruntime-web/wasm";
import runtimeUrl from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import type { DetectionNetwork } from "../recognition/detection";
import type { ExpressionNetwork, Outputs } from "../recognition/model";
import { FaultError } from "./fault";

ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = { wasm: new URL(runtimeUrl, import.meta.url).href };

async function openSession(file: Uint8Array): Promise<ort.InferenceSession> {
  try {
    return await ort.InferenceSession.create(file, { executionProviders: ["wasm"], logSeverityLevel: 3 });
  } catch (error) {
    throw new FaultError("engine", String(error));
  }
}

/** A BlazeFace network; size: the side of its input. */
export async function openDetector(file: Uint8Array, size: number): Promise<DetectionNetwork> {
  const session = await openSession(file);
  const [input] = session.inputNames as [string];
  const [fineScores, coarseScores, fine, coarse] = session.outputNames as [string, string, string, string];
  return async (view) => {
    const outputs = await session.run({ [input]: new ort.Tensor("float32", view, [1, size, size, 3]) });
    const numbers = (name: string): Float32Array => outputs[name]!.data as Float32Array;
    return { scores: [numbers(fineScores), numbers(coarseScores)], places: [numbers(fine), numbers(coarse)] };
  };
}

/** An expression model; size: the side of its faces. */
export async function openExpressionNetwork(file: Uint8Array, size: number): Promise<ExpressionNetwork> {
  const session = await openSession(file);
  const wanted = ["probabilities", "map", "novelty"].filter((name) => session.outputNames.includes(name));
  const readOne = async (face: Uint8Array): Promise<Outputs> => {
    const outputs = await session.run({ face: new ort.Tensor("uint8", face, [1, size, size]) }, wanted);
    const map = outputs["map"];
    return {
      probabilities: outputs["probabilities"]!.data as Float32Array,
      map: map ? { scores: map.data as Float32Array, rows: map.dims[2]!, columns: map.dims[3]! } : null,
      novelty: (outputs["novelty"]?.data as Float32Array | undefined) ?? null,
    };
  };
  return {
    together: 1,
    // One after the other: an int8 file takes its scales from all faces of a call, and on one thread each costs the same.
    async run(faces) {
      const all: Outputs[] = [];
      for (const face of faces) all.push(await readOne(face));
      return all;
    },
    close: () => session.release(),
  };
}
