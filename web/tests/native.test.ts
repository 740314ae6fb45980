import { afterEach, describe, expect, it, vi } from "vitest";
import { decode, inApp, openNative, withSpare } from "../src/engine/native";
import type { ModelEntry } from "../src/engine/catalogue";
import type { Outputs } from "../src/recognition/model";

/** An answer of the phone's engine: the head, then probabilities, features, map and novelty, in this order. */
function answer(head: readonly number[], numbers: readonly number[]): ArrayBuffer {
  const bytes = new ArrayBuffer(4 * (head.length + numbers.length));
  new Int32Array(bytes, 0, head.length).set(head);
  new Float32Array(bytes, 4 * head.length).set(numbers);
  return bytes;
}

const model: ModelEntry = { url: "https://app.example/models/vit_tiny.onnx?sha256=0", bytes: 1, sha256: "0".repeat(64), properties: {} };
const whole = answer([1, 2, 1, 3, 2, 6, 2], [0.25, 0.75, 11, 12, 1, 2, 3, 4, 5, 6, 7, 8]);

describe("decode", () => {
  it("takes the numbers in the order in which Messages.java writes them", () => {
    const { probabilities, map, novelty } = decode(whole);
    expect([...probabilities]).toEqual([0.25, 0.75]);
    expect(map).toMatchObject({ rows: 1, columns: 3 });
    expect([...map!.scores]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...novelty!]).toEqual([7, 8]);
  });

  it("knows a model without map and gate", () => {
    const { probabilities, map, novelty } = decode(answer([1, 2, 0, 0, 1, 0, 0], [0.5, 0.5, 9]));
    expect([[...probabilities], map, novelty]).toEqual([[0.5, 0.5], null, null]);
  });

  it.each([
    ["no head", answer([1, 2], [])],
    ["two faces", answer([2, 2, 0, 0, 0, 0, 0], [0, 0, 0, 0])],
    ["too short", answer([1, 2, 0, 0, 1, 0, 0], [0.5, 0.5])],
    ["too long", answer([1, 2, 0, 0, 0, 0, 0], [0.5, 0.5, 9])],
    ["a map of another shape", answer([1, 2, 2, 2, 0, 4, 0], [0.5, 0.5, 1, 2, 3, 4])],
    ["a length below zero", answer([1, 2, 0, 0, -1, 0, 1], [0.5, 0.5])],
  ])("refuses an answer with %s", (_, bytes) => {
    expect(() => decode(bytes)).toThrow("native engine");
  });
});

describe("openNative", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("is nothing outside the app", async () => {
    vi.stubGlobal("navigator", { userAgent: "Chrome/131" });
    expect(inApp()).toBe(false);
    expect(await openNative(model)).toBeNull();
  });

  it("asks the phone by addresses that Messages.java answers", async () => {
    const asked: [string, string | undefined][] = [];
    vi.stubGlobal("navigator", { userAgent: "Chrome/131 MienAndroid/1" });
    vi.stubGlobal("fetch", async (url: string, options?: { headers: Record<string, string> }) => {
      asked.push([url, options?.headers["Mien-Faces"]]);
      return new Response(url.includes("/run/") ? whole.slice(0) : null);
    });
    const network = (await openNative(model))!;
    expect([...(await network.run(Uint8Array.of(251, 255, 0))).probabilities]).toEqual([0.25, 0.75]);
    await network.close();
    const address = (what: string): string => `https://app.example/native/1/${what}/vit_tiny.onnx`;
    expect(asked).toEqual([[address("open"), undefined], [address("run"), "-_8A"], [address("close"), undefined]]);
  });
});

describe("withSpare", () => {
  const outputs = (first: number): Outputs => ({ probabilities: Float32Array.of(first), map: null, novelty: null });

  it("goes over to the other engine at the first failure, for good", async () => {
    let [opened, closed, fails] = [0, 0, false];
    const first = {
      run: async () => (fails ? Promise.reject(new Error("gone")) : outputs(1)),
      close: async () => void (closed += 1),
    };
    const network = withSpare(first, async () => {
      opened += 1;
      return { run: async () => outputs(2), close: async () => {} };
    });
    expect((await network.run(new Uint8Array())).probabilities[0]).toBe(1);
    fails = true;
    expect((await network.run(new Uint8Array())).probabilities[0]).toBe(2);
    fails = false;
    expect((await network.run(new Uint8Array())).probabilities[0]).toBe(2);
    expect([opened, closed]).toEqual([1, 1]);
  });
});
