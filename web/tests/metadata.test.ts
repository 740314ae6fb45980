import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCatalogue } from "../build/catalogue.ts";
import { readProperties } from "../build/metadata.ts";
import { accuracyOf, classesOf, defaultOf, judgeOf, nameOf } from "../src/engine/catalogue";

/** A protobuf field of bytes. */
function field(number: number, content: Uint8Array): number[] {
  return [...varint(number * 8 + 2), ...varint(content.length), ...content];
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

function modelFile(properties: Readonly<Record<string, string>>): Uint8Array {
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);
  const pairs = Object.entries(properties).flatMap(([key, value]) => field(14, Uint8Array.from([...field(1, text(key)), ...field(2, text(value))])));
  // A version number before, and a graph with bytes that look like properties.
  return Uint8Array.from([8, 9, ...field(7, Uint8Array.from([114, 3, 10, 1, 65])), ...pairs]);
}

describe("readProperties", () => {
  it("reads back any properties", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: "grapheme", minLength: 1 }), fc.string({ unit: "grapheme", maxLength: 300 }), { noNullPrototype: true }), (properties) => {
        expect(readProperties(modelFile(properties))).toEqual({ ...properties });
      }),
      { examples: [[{ ["__proto__"]: "" }]] },
    );
  });

  it("says so when a file is cut short or of another kind", () => {
    const whole = modelFile({ name: "vit_tiny" });
    expect(() => readProperties(whole.subarray(0, whole.length - 3))).toThrow("not an ONNX file");
    expect(() => readProperties(new TextEncoder().encode("<!doctype html>"))).toThrow("not an ONNX file");
  });
});

describe("readCatalogue", () => {
  const needed = { classes: "angry,happy", input_size: "48", crop: "some" };

  it("lists expression models, smallest first, and no other file", () => {
    const folder = mkdtempSync(join(tmpdir(), "models-"));
    writeFileSync(join(folder, "large.onnx"), modelFile({ name: "large", ...needed, notes: "x".repeat(500), novelty_gate: "{}" }));
    writeFileSync(join(folder, "small.onnx"), modelFile({ name: "small", ...needed, kaggle_validation_accuracy: "0.5", kaggle_test_accuracy: "0.6" }));
    writeFileSync(join(folder, "detector.onnx"), modelFile({}));
    writeFileSync(join(folder, "hashes.json"), "{}");
    const catalogue = readCatalogue(folder);
    expect(catalogue.models.map(nameOf)).toEqual(["small", "large"]);
    const [small, large] = catalogue.models;
    expect(small!.bytes).toBe(readFileSync(join(folder, "small.onnx")).length);
    expect(classesOf(small!)).toEqual(["angry", "happy"]);
    expect(accuracyOf(small!)).toEqual({ part: "kaggle test", value: 0.6 });
    expect(accuracyOf(large!)).toBeNull();
    // Each judges for itself where it can, and for those that cannot.
    expect(judgeOf(catalogue, large!)).toBe(large);
    expect(judgeOf(catalogue, small!)).toBe(large);
    expect(judgeOf({ models: [small!] }, small!)).toBeNull();
    expect(defaultOf(catalogue)).toBe(small);
    writeFileSync(join(folder, "phone.onnx"), modelFile({ name: "mobilenet_v2", ...needed, notes: "x".repeat(900) }));
    expect(nameOf(defaultOf(readCatalogue(folder))!)).toBe("mobilenet_v2");
  });

  it("passes over the detectors that ship", () => {
    const folder = join(import.meta.dirname, "../../models");
    expect(existsSync(join(folder, "blazeface_near.onnx"))).toBe(true);
    for (const model of readCatalogue(folder).models) expect(nameOf(model)).not.toContain("blazeface");
  });
});
