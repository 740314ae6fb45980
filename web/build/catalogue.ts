/** Writes `models.json`: what the app needs to know of each model file before it is downloaded, read from the files. */
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Catalogue, ModelEntry } from "../src/engine/catalogue";
import { readProperties } from "./metadata.ts";

/** The properties that a file must have to be offered as an expression model. */
const NEEDED = ["name", "classes", "input_size", "crop"];

/** The expression models of a folder, smallest first; other ONNX files (the detectors) are passed over. */
export function readCatalogue(folder: string): Catalogue {
  const models = readdirSync(folder)
    .filter((file) => file.endsWith(".onnx"))
    .map((file) => describe(folder, file))
    .filter((model) => NEEDED.every((property) => property in model.properties))
    .sort((one, other) => one.bytes - other.bytes);
  return { models };
}

function describe(folder: string, file: string): ModelEntry {
  const content = readFileSync(join(folder, file));
  const sha256 = createHash("sha256").update(content).digest("hex");
  // The hash in the address makes a changed file a new one for every cache on the way.
  return { url: `models/${file}?sha256=${sha256}`, bytes: content.length, sha256, properties: readProperties(content) };
}
