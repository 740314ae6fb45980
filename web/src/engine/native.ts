/** The Android app's own engine, in WebAssembly's place: android/.../inference/Messages.java is the other end. */
import type { ExpressionNetwork, Outputs } from "../recognition/model";
import type { ModelEntry } from "./catalogue";

const VERSION = 1;
/** int32 before the numbers: count, classes, rows, columns, and the lengths of features, map and novelty. */
const HEAD = 7;

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
  return {
    async run(face) {
      const answer = await fetch(address("run"), { headers: { "Mien-Faces": toText(face) } });
      if (!answer.ok) throw new Error(`native engine: ${answer.status} ${await answer.text()}`);
      return decode(await answer.arrayBuffer());
    },
    close: async () => void (await fetch(address("close")).catch(() => null)),
  };
}

/** `first` as long as it works; from its first failure on, and for that call too, what `open` brings. */
export function withSpare(first: ExpressionNetwork, open: () => Promise<ExpressionNetwork>): ExpressionNetwork {
  let network = first;
  return {
    async run(face) {
      try {
        return await network.run(face);
      } catch (error) {
        if (network !== first) throw error;
        const spare = await open();
        network = spare;
        await first.close().catch(() => undefined);
        return spare.run(face);
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

/** An answer's numbers; throws for one that is not of one face, or too short or too long. */
export function decode(answer: ArrayBuffer): Outputs {
  if (answer.byteLength < 4 * HEAD) throw new Error("native engine: an answer without a head");
  const [faces, classes, rows, columns, features, map, novelty] = new Int32Array(answer, 0, HEAD) as unknown as number[] & { length: 7 };
  const lengths = [classes!, features!, map!, novelty!];
  const whole = HEAD + lengths.reduce((sum, length) => sum + length, 0);
  const right = faces === 1 && lengths.every((length) => length >= 0) && (map === 0 || map === classes! * rows! * columns!);
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
