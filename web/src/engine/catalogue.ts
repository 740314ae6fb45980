/** The models there are, as `models.json` lists them; the build reads everything in it from the model files. */

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
}

/** Reads the list, with addresses that hold in the worker too. */
export async function loadCatalogue(): Promise<Catalogue> {
  const response = await fetch("models.json");
  const { models } = (await response.json()) as Catalogue;
  return { models: models.map((model) => ({ ...model, url: new URL(model.url, document.baseURI).href })) };
}

export function nameOf(model: ModelEntry): string {
  return model.properties["name"]!;
}

export function classesOf(model: ModelEntry): string[] {
  return model.properties["classes"]!.split(",");
}

/**
 * The model that reads until the user chooses another: Python's own default. It is also the gate's, so that nothing
 * else has to be downloaded. The first of the list where it is not there, null where there is none.
 */
export function defaultOf(catalogue: Catalogue): ModelEntry | null {
  return catalogue.models.find((model) => nameOf(model) === "mobilenet_v2") ?? catalogue.models[0] ?? null;
}

/** The gate's thresholds, one for each score of the file's `novelty` output; null where the file has no gate. */
export function thresholdsOf(model: ModelEntry): number[] | null {
  return model.properties["novelty_thresholds"]?.split(",").map(Number) ?? null;
}

/** The model whose features gate all of them; null as long as no file carries a gate. */
export function gateOf(catalogue: Catalogue): ModelEntry | null {
  return catalogue.models.find((model) => thresholdsOf(model)) ?? null;
}

/** The accuracy measured on the pictures kept for the report, or else on those for the choice; null if in neither. */
export function accuracyOf(model: ModelEntry): { readonly part: string; readonly value: number } | null {
  const measured = Object.keys(model.properties).filter((property) => property.endsWith("_accuracy"));
  const property = measured.find((name) => name.endsWith("test_accuracy")) ?? measured[0];
  if (!property) return null;
  const part = property.replace(/_accuracy$/, "").replaceAll("_", " ");
  return { part, value: Number(model.properties[property]) };
}
