/** The Android app's own engine, in WebAssembly's place: android/.../inference/Messages.java is the other end. */
import type { ExpressionNetwork, Outputs } from "../recognition/model";
import type { ModelEntry } from "./catalogue";

const VERSION = 1;
/** Faces a request, at most. */
const MOST = 8;
/** int32 before the numbers: count, classes, rows, columns, and the lengths of features, map and novelty. */
const HEAD = 7;

/** Whether the page runs in the Android app, which says so in the user agent. */
export function inApp(): boolean {
  return / MienAndroid\/\d+/.test(navigator.userAgent);
}

/** The model on the phone's own cores; null outside the app, and where its engine does not speak this version. */
export async function openNative(model: ModelEntry, size: number): Promise<ExpressionNetwork | null> {
  if (!navigator.userAgent.includes(` MienAndroid/${VERSION}`)) return null;
  const file = new URL(model.url).pathname.split("/").at(-1)!;
  const address = (what: string): string => new URL(`../native/${VERSION}/${what}/${file}`, new URL(model.url)).href;
  const opened = await fetch(address("open")).catch(() => null);
  if (!opened?.ok) return null;
  const ask = async (faces: Uint8Array, count: number): Promise<Outputs> => {
    const answer = await fetch(address("run"), { headers: { "Mien-Faces": toText(faces) } });
    if (!answer.ok) throw new Error(`native engine: ${answer.status} ${await answer.text()}`);
    return decode(await answer.arrayBuffer(), count);
  };
  return {
    async run(faces, count) {
      const area = size * size;
      const parts: Outputs[] = [];
      for (let i = 0; i < count; i += MOST) {
        const end = Math.min(count, i + MOST);
        parts.push(await ask(faces.subarray(i * area, end * area), end - i));
      }
      return join(parts);
    },
    close: async () => void (await fetch(address("close")).catch(() => null)),
  };
}

/** `first` as long as it works; from its first failure on, and for that call too, what `open` brings. */
export function withSpare(first: ExpressionNetwork, open: () => Promise<ExpressionNetwork>): ExpressionNetwork {
  let network = first;
  return {
    async run(faces, count) {
      try {
        return await network.run(faces, count);
      } catch (error) {
        if (network !== first) throw error;
        const spare = await open();
        network = spare;
        await first.close().catch(() => undefined);
        return spare.run(faces, count);
      }
    },
    close: () => network.close(),
  };
}

/** URL-safe Base64 without padding. */
function toText(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** An answer's numbers; throws for one that is not of `count` faces, or too short or too long. */
export function decode(answer: ArrayBuffer, count: number): Outputs {
  if (answer.byteLength < 4 * HEAD) throw new Error("native engine: an answer without a head");
  const [faces, classes, rows, columns, features, map, novelty] = new Int32Array(answer, 0, HEAD) as unknown as number[] & { length: 7 };
  const lengths = [faces! * classes!, features!, map!, novelty!];
  const whole = HEAD + lengths.reduce((sum, length) => sum + length, 0);
  const right = faces === count && lengths.every((length) => length >= 0) && (map === 0 || map === faces * classes! * rows! * columns!);
  if (!right || answer.byteLength !== 4 * whole) throw new Error("native engine: an answer of another shape");
  let start = 4 * HEAD;
  const [probabilities, , scores, strangeness] = lengths.map((length) => {
    const numbers = new Float32Array(answer, start, length);
    start += 4 * length;
    return numbers;
  });
  return {
    probabilities: probabilities!,
    map: map ? { scores: scores!, rows: rows!, columns: columns! } : null,
    novelty: novelty ? strangeness! : null,
  };
}

function join(parts: readonly Outputs[]): Outputs {
  const [first] = parts as [Outputs];
  if (parts.length === 1) return first;
  const one = (arrays: readonly Float32Array[]): Float32Array => Float32Array.from(arrays.flatMap((array) => [...array]));
  return {
    probabilities: one(parts.map((part) => part.probabilities)),
    map: first.map && { ...first.map, scores: one(parts.map((part) => part.map!.scores)) },
    novelty: first.novelty && one(parts.map((part) => part.novelty!)),
  };
}
