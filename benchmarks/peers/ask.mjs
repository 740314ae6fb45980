// What the peers from npm share: NumPy's file of faces in, a file of probabilities out.

import { readFileSync, writeFileSync } from 'node:fs';

const SIDE = 48;
const CLASSES = 7;
const WARM_UP = 10;

/**
 * Ask about each face, int32 [48, 48] in [0, 255]; `network` gives seven numbers in the order of FER2013's labels.
 * Returns the median of the milliseconds that a face took, once warm; null for fewer faces than that takes.
 */
export async function answer(tf, faces, target, network) {
  const file = readFileSync(faces);
  const pixels = file.subarray(10 + file.readUInt16LE(8)); // version 1 of the format
  const count = pixels.length / SIDE ** 2;
  const said = new Float32Array(count * CLASSES);
  const times = [];
  for (let number = 0; number < count; number++) {
    tf.engine().startScope();
    const face = tf.tensor2d(Int32Array.from(pixels.subarray(number * SIDE ** 2, (number + 1) * SIDE ** 2)), [SIDE, SIDE], 'int32');
    const started = performance.now();
    said.set(await network(face), number * CLASSES);
    times.push(performance.now() - started);
    tf.engine().endScope();
  }
  writeFileSync(target, Buffer.from(said.buffer));
  const warm = times.slice(WARM_UP).sort((one, other) => one - other);
  return warm.length ? warm[warm.length >> 1] : null;
}
