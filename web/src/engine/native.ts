/** The Android app's own engine, in WebAssembly's place: android/.../inference/Messages.java is the other end. */
import type { ExpressionNetwork, Outputs } from "../recognition/model";
import type { ModelEntry } from "./catalogue";

const VERSION = 2;
/** Faces a request, at most. */
const TOGETHER = 8;
/** int32 before the numbers: count, classes, rows, columns, and the lengths of map and novelty. */
const HEAD = 6;

/** Whether the page runs in the Android app, which says so in the user agent. */
export function inApp(): boolean {
  return / MienAndroid\/\d+/.test(navigator.userAgent);
}

/** The model on the phone's own cores; null outside the app, and where its engine does not speak this version. */
export async function openNative(model: ModelEntry): Promise<ExpressionNetwork | null> {
  if (!navigator.userAgent.includes(` MienAndroid/${VERSION}`)) return null;
  const file = new URL(model.url).pathname.split("/").at(-1)!;
  const address = (what: string): string => new URL(`../native/${VERSION}/${what}/${file}`, new URL(model.url)).href;
  const opened = await fetch(address("open")).catch(() => null);
  if (!opened?.ok) return null;
  const request = async (faces: readonly Uint8Array[]): Promise<Outputs[]> => {
    const answer = await fetch(address("run"), { headers: { "Mien-Faces": toText(faces) } });
    if (!answer.ok) throw new Error(`native engine: ${answer.status} ${await answer.text()}`);
    return decode(await answer.arrayBuffer(), faces.length);
  };
  return {
    together: TOGETHER,
    async run(faces) {
      const all: Outputs[] = [];
      for (let i = 0; i < faces.length; i += TOGETHER) all.push(...(await request(faces.slice(i, i + TOGETHER))));
      return all;
    },
    close: async () => void (await fetch(address("close")).catch(() => null)),
  };
}

/** `first` as long as it works; from its first failure on, and for that call too, what `open` brings. */
export function withSpare(first: ExpressionNetwork, open: () => Promise<ExpressionNetwork>): ExpressionNetwork {
  let network = first;
  return {
    get together() {
      return network.together;
    },
    async run(faces) {
      try {
        return await network.run(faces);
      } catch (error) {
        if (network !== first) throw error;
        const spare = await open();
        network = spare;
        await first.close().catch(() => undefined);
        return spare.run(faces);
      }
    },
    close: () => network.close(),
  };
}

/** URL-safe Base64 of all faces, without padding. */
function toText(faces: readonly Uint8Array[]): string {
  let text = "";
  for (const face of faces) for (const byte of face) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** An answer's numbers, face by face; throws for one that is not of `count` faces, or too short or too long. */
export function decode(answer: ArrayBuffer, count: number): Outputs[] {
  if (answer.byteLength < 4 * HEAD) throw new Error("native engine: an answer without a head");
  const [faces, classes, rows, columns, map, novelty] = new Int32Array(answer, 0, HEAD) as unknown as number[] & { length: 6 };
  // Of one face each.
  const lengths = [classes!, map! / count, novelty! / count] as const;
  const shaped = faces === count && lengths.every((length) => Number.isInteger(length) && length >= 0);
  const whole = HEAD + lengths.reduce((sum, length) => sum + length, 0) * count;
  const right = shaped && (map === 0 || lengths[1] === classes! * rows! * columns!);
  if (!right || answer.byteLength !== 4 * whole) throw new Error("native engine: an answer of another shape");
  let start = 4 * HEAD;
  const [probabilities, maps, scores] = lengths.map((length) => {
    const blocks = Array.from({ length: count }, (_, i) => new Float32Array(answer, start + 4 * length * i, length));
    start += 4 * length * count;
    return blocks;
  });
  return probabilities!.map((shares, i) => ({
    probabilities: shares,
    map: map ? { scores: maps![i]!, rows: rows!, columns: columns! } : null,
    novelty: novelty ? scores![i]! : null,
  }));
}
