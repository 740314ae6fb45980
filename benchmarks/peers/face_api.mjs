// Classifies faces with npm's @vladmandic/face-api: faces.npy (uint8 [N, 48, 48]) to float32 [N, 7], in Mien's order.
//
// Usage: node face_api.mjs PACKAGES FACES.npy PROBABILITIES. Started by benchmarks/peer_accuracy.py.

import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { answer } from './ask.mjs';

const [packages, faces, target] = process.argv.slice(2);
const require = createRequire(packages);
const tf = require('@tensorflow/tfjs');
require('@tensorflow/tfjs-backend-wasm');
const faceapi = require('@vladmandic/face-api/dist/face-api.node-wasm.js');
const place = join(packages, 'node_modules', '@vladmandic', 'face-api');
const OURS = ['angry', 'disgusted', 'fearful', 'happy', 'sad', 'surprised', 'neutral'];

await tf.setBackend('wasm');
await tf.ready();
const network = new faceapi.FaceExpressionNet();
await network.loadFromDisk(join(place, 'model'));
const order = OURS.map((name) => faceapi.FACE_EXPRESSION_LABELS.indexOf(name));

// Its own code makes three channels of 112 pixels of what it is given.
const face_ms = await answer(tf, faces, target, async (face) => {
  const said = await network.forward(face.expandDims(2).tile([1, 1, 3]));
  const values = await said.data();
  said.dispose();
  return order.map((at) => values[at]);
});
const { version } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
const megabytes = statSync(join(place, 'model', 'face_expression_model.bin')).size / 1e6;
console.log(JSON.stringify({ version, megabytes, face_ms }));
