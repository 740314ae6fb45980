/** The models there are, as `models.json` lists them; the build reads everything in it from the model files. */
import { GATE, gateOfText } from "../recognition/gate";
import type { Gate } from "../recognition/gate";
import { FaultError } from "./fault";

export interface ModelEntry {
  readonly url: string;
  readonly bytes: number;
  readonly sha256: string;
  /** The metadata properties of the file. */
  readonly properties: Readonly<Record<string, string>>;
}

export interface Catalogue {
  /** Smallest download first. */
  readonly models: readonly ModelEntry[];
  /** The name of the model to begin with, where the server was given one. */
  readonly first?: string;
}

/**
 * Reads the list of a folder, with addresses that hold in the worker too; a broken one is asked for again, past every cache.
 *
 * Raises a "list" fault where it stays broken, and a "download" fault where it cannot be had.
 */
export async function loadCatalogue(folder: string = document.baseURI, cache: RequestCache = "no-cache"): Promise<Catalogue> {
  const response = await fetch(new URL("models.json", folder), { cache }).catch(() => null);
  if (!response?.ok) throw new FaultError("download", `models.json: ${response?.status ?? "no answer"}`);
  const catalogue = catalogueOf(await response.text());
  if (catalogue) return { ...catalogue, models: catalogue.models.map((model) => ({ ...model, url: new URL(model.url, folder).href })) };
  if (cache !== "reload") return loadCatalogue(folder, "reload");
  throw new FaultError("list", "models.json is not a list of models");
}

/** The list in a text; null where the text is none. */
export function catalogueOf(text: string): Catalogue | null {
  try {
    const { models, first } = JSON.parse(text) as Catalogue;
    return Array.isArray(models) && models.every(isEntry) ? { models, ...(typeof first === "string" && { first }) } : null;
  } catch {
    return null;
  }
}

function isEntry(entry: unknown): entry is ModelEntry {
  const { url, bytes, sha256, properties } = (entry ?? {}) as Partial<Record<keyof ModelEntry, unknown>>;
  if (typeof url !== "string" || !Number.isInteger(bytes) || (bytes as number) <= 0) return false;
  if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256) || typeof properties !== "object" || !properties) return false;
  const { name, classes, input_size: size, crop } = properties as Record<string, unknown>;
  return [name, classes, crop].every((text) => typeof text === "string" && text) && Number.isInteger(Number(size)) && Number(size) > 0;
}

export function nameOf(model: ModelEntry): string {
  return model.properties["name"]!;
}

export function classesOf(model: ModelEntry): string[] {
  return model.properties["classes"]!.split(",");
}

/**
 * The model that reads until the user chooses another: the one that the server was given, or Python's own default. It also
 * judges for models without a gate, so that nothing else has to be downloaded. The first of the list where it is not
 * there, null where there is none.
 */
export function defaultOf(catalogue: Catalogue): ModelEntry | null {
  const named = (name: string | undefined): ModelEntry | undefined => catalogue.models.find((model) => nameOf(model) === name);
  return named(catalogue.first) ?? named("mobilenet_v2") ?? catalogue.models[0] ?? null;
}

/**
 * The gate in a model file; null where it has none.
 *
 * Raises a "damaged" fault where it cannot be read: it must not be taken for none.
 */
export function gateIn(model: ModelEntry): Gate | null {
  const text = model.properties[GATE];
  if (text === undefined) return null;
  const gate = gateOfText(text);
  if (!gate) throw new FaultError("damaged", `${nameOf(model)}: ${GATE} is "${text}"`);
  return gate;
}

/** The model that judges the faces that `model` reads: itself where it has a gate, or else the default or another one; null where no file has one. */
export function judgeOf(catalogue: Catalogue, model: ModelEntry | null): ModelEntry | null {
  const inOrder = [model, defaultOf(catalogue), defaultOf({ models: catalogue.models }), ...catalogue.models];
  return inOrder.find((one) => one && GATE in one.properties) ?? null;
}

/** The accuracy measured on the pictures kept for the report, or else on those for the choice; null if in neither. */
export function accuracyOf(model: ModelEntry): { readonly part: string; readonly value: number } | null {
  const measured = Object.keys(model.properties).filter((property) => property.endsWith("_accuracy"));
  const property = measured.find((name) => name.endsWith("test_accuracy")) ?? measured[0];
  if (!property) return null;
  const part = property.replace(/_accuracy$/, "").replaceAll("_", " ");
  return { part, value: Number(model.properties[property]) };
}
