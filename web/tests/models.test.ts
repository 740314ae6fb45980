import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import * as ort from "onnxruntime-web/wasm";
import { describe, expect, it } from "vitest";
import { openExpressionNetwork } from "../src/engine/wasm";
import { readProperties } from "../build/metadata";
import { gateOfText, wordOn } from "../src/recognition/gate";
import { bytes, gateCrops, golden } from "./golden";

/**
 * How far a probability may be from Python's on the very same crop. An int8 file rounds what passes through the network,
 * and a last bit that differs between engines decides roundings: benchmarks/int8_rounding.py measures by how much.
 */
const TOLERANCE: Readonly<Record<string, number>> = { float32: 1e-3, int8: 0.05 };
/** Of the gate's scores, in spreads of training faces; what int8 rounds otherwise, they see too. */
const NOVELTY_TOLERANCE: Record<string, number> = { float32: 0.005, int8: 0.2 };
const SIZE = 48;

describe.each(Object.entries(golden.models))("%s", (name, { sha256, precision, probabilities, novelty }) => {
  const path = new URL(`../../models/${name}`, import.meta.url);
  const file = existsSync(path) ? readFileSync(path) : null;
  const known = file !== null && createHash("sha256").update(file).digest("hex") === sha256;

  async function open(): ReturnType<typeof openExpressionNetwork> {
    const runtime = new URL("../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm", import.meta.url);
    ort.env.wasm.wasmBinary = readFileSync(runtime).slice().buffer;
    return openExpressionNetwork(file!, SIZE);
  }

  it.runIf(known)("says of Python's crops what it says in Python", async () => {
    const network = await open();
    for (const [i, outputs] of (await network.run(golden.portraits.map(bytes))).entries()) {
      outputs.probabilities.forEach((share, place) => {
        expect(Math.abs(share - probabilities[i]![place]!)).toBeLessThan(TOLERANCE[precision]!);
      });
      expect(outputs.novelty === null).toBe(novelty === null);
      outputs.novelty?.forEach((score, place) => {
        expect(Math.abs(score - novelty![i]![place]!)).toBeLessThan(NOVELTY_TOLERANCE[precision]!);
      });
    }
  });
  it.runIf(known && name in golden.verdicts)("has Python's verdict on every face and on what is none", async () => {
    const network = await open();
    const gate = gateOfText(readProperties(file!)["novelty_gate"]!)!;
    const words: Record<string, number> = {};
    for (const [i, crop] of gateCrops().entries()) {
      const scores = (await network.run([crop]))[0]!.novelty!;
      for (const [k, found] of [null, golden.found].entries()) {
        const expected = golden.verdicts[name]![i]![k]!;
        if (expected !== null) expect(wordOn(gate, scores, found), `crop ${i}, found ${found}`).toBe(expected);
        words[expected] = (words[expected] ?? 0) + 1;
      }
    }
    expect(Object.keys(words)).toEqual(expect.arrayContaining(["known", "covered", "near", "far"]));
  });
});
