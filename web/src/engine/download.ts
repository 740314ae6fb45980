/** Model files: fetched once with progress, checked against their hash, then kept on the device. */
import type { ModelEntry } from "./catalogue";
import { FaultError } from "./fault";
import { inApp } from "./native";

const CACHE = "mien-models";

/**
 * The bytes of a model file, checked against its hash; other bytes are asked for once more, past every cache.
 *
 * Raises a "download" fault without a connection, and a "damaged" one where other bytes come again.
 */
export async function fetchModel(model: ModelEntry, onProgress: (loaded: number) => void): Promise<Uint8Array<ArrayBuffer>> {
  const cache = await openCache();
  const kept = await cache?.match(model.url);
  if (kept) {
    const bytes = new Uint8Array(await kept.arrayBuffer());
    if ((await hashOf(bytes)) === model.sha256) return bytes;
    await cache?.delete(model.url);
  }
  const bytes = (await download(model, "default", onProgress)) ?? (await download(model, "reload", onProgress));
  if (!bytes) throw new FaultError("damaged", model.url);
  // A full disk must not keep the model from being used now.
  await cache?.put(model.url, new Response(bytes)).catch(() => undefined);
  return bytes;
}

/** Lets go of kept files that no model of the list is any more. */
export async function forgetOthers(models: readonly ModelEntry[]): Promise<void> {
  const wanted = new Set(models.map((model) => model.url));
  const cache = await openCache();
  for (const request of (await cache?.keys()) ?? []) if (!wanted.has(request.url)) await cache?.delete(request);
}

/** The addresses of the models that are on the device. */
export async function keptModels(): Promise<Set<string>> {
  const cache = await openCache();
  return new Set(((await cache?.keys()) ?? []).map((request) => request.url));
}

/** Null where the browser keeps nothing: in some private windows, and on pages without a secure address. */
async function openCache(): Promise<Cache | null> {
  // The Android app has the files at hand: a second copy would only take room.
  if (inApp()) return null;
  try {
    return await caches.open(CACHE);
  } catch {
    return null;
  }
}

/** Null where other bytes come than the list says. */
async function download(model: ModelEntry, cache: RequestCache, onProgress: (loaded: number) => void): Promise<Uint8Array<ArrayBuffer> | null> {
  const bytes = new Uint8Array(model.bytes);
  let loaded = 0;
  try {
    const response = await fetch(model.url, { cache });
    if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
    for (const reader = response.body.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) break;
      if (loaded + value.length > bytes.length) return null;
      bytes.set(value, loaded);
      loaded += value.length;
      onProgress(loaded);
    }
  } catch (error) {
    throw new FaultError("download", String(error));
  }
  return (await hashOf(bytes)) === model.sha256 ? bytes : null;
}

async function hashOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
