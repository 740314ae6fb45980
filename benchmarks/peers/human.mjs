// Classifies faces with the emotion network of npm's @vladmandic/human: faces.npy (uint8 [N, 48, 48]) to float32 [N, 7].
//
// Usage: node human.mjs PACKAGES FACES.npy PROBABILITIES. Started by benchmarks/peer_accuracy.py.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { answer } from './ask.mjs';

const [packages, faces, target] = process.argv.slice(2);
const require = createRequire(packages);
const tf = require('@tensorflow/tfjs');
require('@tensorflow/tfjs-backend-wasm');
const place = join(packages, 'node_modules', '@vladmandic', 'human');

await tf.setBackend('wasm');
await tf.ready();
const told = JSON.parse(readFileSync(join(place, 'models', 'emotion.json'), 'utf8'));
const weights = readFileSync(join(place, 'models', 'emotion.bin'));
const network = await tf.loadGraphModel({
  load: async () => ({
    modelTopology: told.modelTopology,
    weightSpecs: told.weightsManifest.flatMap((group) => group.weights),
    weightData: weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.byteLength),
  }),
});
const side = network.inputs[0].shape[2];

// As its own code prepares a face: grey, [0, 1] to [-1, 1]. Its classes stand in the order of FER2013's labels.
const face_ms = await answer(tf, faces, target, async (face) => {
  const grey = face.toFloat().div(255).expandDims(2).expandDims(0);
  const said = network.execute(tf.image.resizeBilinear(grey, [side, side], false).sub(0.5).mul(2));
  return [...(await said.data())];
});
const { version } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
console.log(JSON.stringify({ version, megabytes: weights.length / 1e6, face_ms }));
