// Reads faces (uint8 [N, 48, 48]) with a model file in ONNX Runtime Web; writes float32 [N, 7]. For int8_rounding.py.
import { readFileSync, writeFileSync } from "node:fs";
import * as ort from "../web/node_modules/onnxruntime-web/dist/ort.wasm.min.mjs";

const PIXELS = 48 * 48;
const [model, source, target] = process.argv.slice(2);
ort.env.wasm.numThreads = 1;
const session = await ort.InferenceSession.create(readFileSync(model), { logSeverityLevel: 3 });
const faces = new Uint8Array(readFileSync(source));
const answers = [];
for (let start = 0; start < faces.length; start += PIXELS) {
  const face = new ort.Tensor("uint8", faces.slice(start, start + PIXELS), [1, 48, 48]);
  answers.push(...(await session.run({ face }, ["probabilities"])).probabilities.data);
}
writeFileSync(target, new Uint8Array(Float32Array.from(answers).buffer));
