import { afterEach, describe, expect, it, vi } from "vitest";
import { decode, inApp, openNative, withSpare } from "../src/engine/native";
import type { ModelEntry } from "../src/engine/catalogue";
import type { Outputs } from "../src/recognition/model";

/** An answer of the phone's engine: the head, then probabilities, map and novelty, in this order. */
function answer(head: readonly number[], numbers: readonly number[]): ArrayBuffer {
  const bytes = new ArrayBuffer(4 * (head.length + numbers.length));
  new Int32Array(bytes, 0, head.length).set(head);
  new Float32Array(bytes, 4 * head.length).set(numbers);
  return bytes;
}

const model: ModelEntry = { url: "https://app.example/models/vit_tiny.onnx?sha256=0", bytes: 1, sha256: "0".repeat(64), properties: {} };
const whole = answer([1, 2, 1, 3, 6, 2], [0.25, 0.75, 1, 2, 3, 4, 5, 6, 7, 8]);

describe("decode", () => {
  it("takes the numbers in the order in which Messages.java writes them", () => {
    const { probabilities, map, novelty } = decode(whole, 1)[0]!;
    expect([...probabilities]).toEqual([0.25, 0.75]);
    expect(map).toMatchObject({ rows: 1, columns: 3 });
    expect([...map!.scores]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...novelty!]).toEqual([7, 8]);
  });

  it("gives each face its own numbers", () => {
    const faces = decode(answer([2, 2, 1, 1, 4, 2], [0.25, 0.75, 0.5, 0.5, 1, 2, 3, 4, 5, 6]), 2);
    expect(faces.map(({ probabilities }) => [...probabilities])).toEqual([[0.25, 0.75], [0.5, 0.5]]);
    expect(faces.map(({ map }) => [...map!.scores])).toEqual([[1, 2], [3, 4]]);
    expect(faces.map(({ novelty }) => [...novelty!])).toEqual([[5], [6]]);
  });

  it("knows a model without map and gate", () => {
    const { probabilities, map, novelty } = decode(answer([1, 2, 0, 0, 0, 0], [0.5, 0.5]), 1)[0]!;
    expect([[...probabilities], map, novelty]).toEqual([[0.5, 0.5], null, null]);
  });

  it.each([
    ["no head", 1, answer([1, 2], [])],
    ["more faces than were asked about", 1, answer([2, 2, 0, 0, 0, 0], [0, 0, 0, 0])],
    ["fewer faces", 2, answer([1, 4, 0, 0, 0, 0], [0, 0, 0, 0])],
    ["too few numbers", 1, answer([1, 2, 0, 0, 1, 0], [0.5, 0.5])],
    ["too many numbers", 1, answer([1, 2, 0, 0, 0, 0], [0.5, 0.5, 9])],
    ["a map of another shape", 1, answer([1, 2, 2, 2, 4, 0], [0.5, 0.5, 1, 2, 3, 4])],
    ["scores that are not as many for each face", 2, answer([2, 1, 0, 0, 0, 3], [1, 1, 1, 2, 3])],
    ["a length below zero", 1, answer([1, 2, 0, 0, -1, 1], [0.5, 0.5])],
  ])("refuses an answer with %s", (_, count, bytes) => {
    expect(() => decode(bytes, count)).toThrow("native engine");
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
    vi.stubGlobal("navigator", { userAgent: "Chrome/131 MienAndroid/2" });
    vi.stubGlobal("fetch", async (url: string, options?: { headers: Record<string, string> }) => {
      asked.push([url, options?.headers["Mien-Faces"]]);
      return new Response(url.includes("/run/") ? whole.slice(0) : null);
    });
    const network = (await openNative(model))!;
    const [only] = await network.run([Uint8Array.of(251, 255, 0)]);
    expect([...only!.probabilities]).toEqual([0.25, 0.75]);
    await network.close();
    const address = (what: string): string => `https://app.example/native/2/${what}/vit_tiny.onnx`;
    expect(asked).toEqual([[address("open"), undefined], [address("run"), "-_8A"], [address("close"), undefined]]);
  });

  it("asks about all faces at once, and about more than a request takes in parts", async () => {
    const asked: number[] = [];
    vi.stubGlobal("navigator", { userAgent: "Chrome/131 MienAndroid/2" });
    vi.stubGlobal("fetch", async (url: string, options?: { headers: Record<string, string> }) => {
      if (!url.includes("/run/")) return new Response(null);
      // A face is of three pixels here, and its share is its first pixel.
      const faces = atob(options!.headers["Mien-Faces"]!.replaceAll("-", "+").replaceAll("_", "/"));
      asked.push(faces.length / 3);
      return new Response(answer([faces.length / 3, 1, 0, 0, 0, 0], [...faces].filter((_, i) => i % 3 === 0).map((pixel) => pixel.charCodeAt(0))));
    });
    const network = (await openNative(model))!;
    const faces = (count: number): Uint8Array[] => Array.from({ length: count }, (_, i) => Uint8Array.of(i, 200, 255));
    for (const count of [1, 3, 8, 19]) {
      const said = await network.run(faces(count));
      expect(said.map(({ probabilities }) => probabilities[0])).toEqual(faces(count).map(([first]) => first));
    }
    expect(asked).toEqual([1, 3, 8, 8, 8, 3]);
    expect(network.together).toBe(8);
  });
});

describe("withSpare", () => {
  const outputs = (first: number): Outputs[] => [{ probabilities: Float32Array.of(first), map: null, novelty: null }];

  it("goes over to the other engine at the first failure, for good", async () => {
    let [opened, closed, fails] = [0, 0, false];
    const first = {
      together: 8,
      run: async () => (fails ? Promise.reject(new Error("gone")) : outputs(1)),
      close: async () => void (closed += 1),
    };
    const network = withSpare(first, async () => {
      opened += 1;
      return { together: 1, run: async () => outputs(2), close: async () => {} };
    });
    const share = async (): Promise<number> => (await network.run([new Uint8Array()]))[0]!.probabilities[0]!;
    expect([await share(), network.together]).toEqual([1, 8]);
    fails = true;
    expect([await share(), network.together]).toEqual([2, 1]);
    fails = false;
    expect(await share()).toBe(2);
    expect([opened, closed]).toEqual([1, 1]);
  });
});
