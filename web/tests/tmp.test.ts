import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-web/wasm";
import { it } from "vitest";
import { FAR_SIZE, FaceDetector, NEAR_SIZE } from "../src/recognition/detection";
import { openDetector } from "../src/engine/wasm";
import { pixels } from "./golden";
const file = (path: string): Uint8Array => readFileSync(new URL(path, import.meta.url));
it("x", async () => {
    ort.env.wasm.wasmBinary = file("../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm").slice().buffer;
    const near = await openDetector(file("../../models/blazeface_near.onnx"), NEAR_SIZE);
    const far = await openDetector(file("../../models/blazeface_far.onnx"), FAR_SIZE);
    const d = new FaceDetector(near, far);
    const j = JSON.parse(readFileSync("/tmp/web/biden.json","utf8"));
    const f = (await d.detect(pixels(j.w, j.h, readFileSync("/tmp/web/biden.rgb"))))[0]!;
    console.log(f.score, j.score, [f.box.left,f.box.top,f.box.right,f.box.bottom], j.box, f.landmarks.map((p,i)=>[p.x-j.lm[i][0],p.y-j.lm[i][1]]));
});
