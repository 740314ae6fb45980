import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { catalogueOf, gateIn, loadCatalogue } from "../src/engine/catalogue";
import type { ModelEntry } from "../src/engine/catalogue";
import { fetchModel } from "../src/engine/download";

const right = new TextEncoder().encode("the model");
const wrong = new TextEncoder().encode("the modem");
const entry: ModelEntry = {
  url: "https://app.example/models/a.onnx",
  bytes: right.length,
  sha256: createHash("sha256").update(right).digest("hex"),
  properties: { name: "a", classes: "angry,happy", input_size: "48", crop: "some" },
};

/** A browser's cache, and a network that answers with these bytes in turn. */
class World {
  readonly kept = new Map<string, Uint8Array>();
  readonly asked: (RequestCache | undefined)[] = [];
  answers: (BodyInit | null)[] = [];

  constructor() {
    const cache = {
      match: async (url: string) => (this.kept.has(url) ? new Response(this.kept.get(url)!.slice()) : undefined),
      put: async (url: string, response: Response) => void this.kept.set(url, new Uint8Array(await response.arrayBuffer())),
      delete: async (url: string) => this.kept.delete(url),
    };
    vi.stubGlobal("navigator", { userAgent: "Chrome/131" });
    vi.stubGlobal("caches", { open: async () => cache });
    vi.stubGlobal("document", { baseURI: "https://app.example/" });
    vi.stubGlobal("fetch", async (_: string, options?: RequestInit) => {
      this.asked.push(options?.cache);
      const answer = this.answers.shift();
      if (answer == null) throw new TypeError("no connection");
      return new Response(answer);
    });
  }
}

let world: World;
beforeEach(() => (world = new World()));
afterEach(() => vi.unstubAllGlobals());
const fetched = (): Promise<Uint8Array> => fetchModel(entry, () => {});

describe("fetchModel", () => {
  it("keeps what it fetched, and fetches it once", async () => {
    world.answers = [right];
    expect(await fetched()).toEqual(right);
    expect(await fetched()).toEqual(right);
    expect(world.asked).toEqual(["default"]);
  });

  it("asks past the cache for other bytes than the list says, and keeps none of those", async () => {
    world.answers = [wrong, right];
    expect(await fetched()).toEqual(right);
    expect(world.asked).toEqual(["default", "reload"]);
    expect(world.kept.get(entry.url)).toEqual(right);
  });

  it("never hands out a file with another hash", async () => {
    for (const answers of [[wrong, wrong], [right.slice(1), wrong], [new Uint8Array(99), new Uint8Array(0)]]) {
      world.answers = answers;
      await expect(fetched()).rejects.toMatchObject({ fault: "damaged" });
      expect(world.kept.size).toBe(0);
    }
  });

  it("lets go of a kept file that has gone bad", async () => {
    world.kept.set(entry.url, wrong);
    world.answers = [right];
    expect(await fetched()).toEqual(right);
    expect(world.kept.get(entry.url)).toEqual(right);
  });

  it("says that there is no connection", async () => {
    await expect(fetched()).rejects.toMatchObject({ fault: "download" });
  });
});

describe("the list of models", () => {
  const list = JSON.stringify({ models: [entry] });

  it.each([
    "",
    "<!doctype html>",
    "null",
    "[]",
    "{}",
    '{"models": null}',
    '{"models": [null]}',
    JSON.stringify({ models: [{ ...entry, sha256: "x" }] }),
    JSON.stringify({ models: [{ ...entry, bytes: -1 }] }),
    JSON.stringify({ models: [{ ...entry, bytes: "9" }] }),
    JSON.stringify({ models: [{ ...entry, properties: { name: "a" } }] }),
    JSON.stringify({ models: [{ ...entry, properties: { ...entry.properties, input_size: "many" } }] }),
  ])("is none: %s", (text) => {
    expect(catalogueOf(text)).toBeNull();
  });

  it("is asked for again, past the cache, where it is broken", async () => {
    world.answers = ["<!doctype html>", list];
    expect((await loadCatalogue()).models.map(({ url }) => url)).toEqual([entry.url]);
    expect(world.asked).toEqual(["no-cache", "reload"]);
  });

  it("is told from a missing connection", async () => {
    world.answers = ["{", "{"];
    await expect(loadCatalogue()).rejects.toMatchObject({ fault: "list" });
    await expect(loadCatalogue()).rejects.toMatchObject({ fault: "download" });
  });
});

describe("a gate", () => {
  const gated = (novelty_gate: string): ModelEntry => ({ ...entry, properties: { ...entry.properties, novelty_gate } });
  const numbers = { cut: 1.5, found: -2, doubt_scale: 0, doubt_offset: 0, covered: 0.5, far: 9 };

  it("is its numbers, or there is none", () => {
    expect(gateIn(entry)).toBeNull();
    expect(gateIn(gated(JSON.stringify(numbers)))).toEqual(numbers);
  });

  it.each(["", "a", "null", "{}", JSON.stringify({ ...numbers, cut: "1" }), JSON.stringify({ ...numbers, far: NaN }), JSON.stringify({ ...numbers, found: undefined })])(
    "that cannot be read makes the file a damaged one: %j",
    (text) => {
      expect(() => gateIn(gated(text))).toThrow(expect.objectContaining({ fault: "damaged" }));
    },
  );
});
