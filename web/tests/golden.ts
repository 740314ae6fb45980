/** Python's answers, as `tests/web/golden.py` wrote them. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Detection, Pixels, Square } from "../src/recognition/geometry";

interface Cut extends Detection {
  readonly crop: string;
}

interface Golden {
  readonly luma: readonly (readonly [number, number, number, number])[];
  readonly anchors: readonly number[];
  readonly small: { readonly width: number; readonly height: number; readonly rgb: string };
  readonly crops: readonly { readonly square: Square; readonly crop: string }[];
  readonly merges: readonly { readonly detections: readonly Detection[]; readonly merged: readonly Detection[] }[];
  readonly framing: string;
  readonly framings: readonly { readonly detection: Detection; readonly roll: number; readonly square: Square }[];
  readonly tiles: readonly { readonly height: number; readonly width: number; readonly squares: readonly Square[] }[];
  readonly portraits: readonly string[];
  readonly models: Readonly<
    Record<
      string,
      {
        readonly sha256: string;
        readonly precision: string;
        readonly probabilities: readonly (readonly number[])[];
        /** Null where the file has no gate. */
        readonly novelty: readonly (readonly number[])[] | null;
      }
    >
  >;
  /** The detector's score with which the gates were asked a second time. */
  readonly found: number;
  /** By model file with a gate, for each of `gateCrops`: Python's word on it as a cut face, and as a found one; null where it is too close to call. */
  readonly verdicts: Readonly<Record<string, readonly (readonly [string | null, string | null])[]>>;
  readonly picture: { readonly width: number; readonly height: number };
  readonly faces: readonly Cut[];
  readonly facesOnSide: readonly Cut[];
}

const folder = new URL("golden/", import.meta.url);

export const golden = JSON.parse(readFileSync(new URL("cases.json", folder), "utf8")) as Golden;

export function bytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "base64"));
}

/** RGB bytes as pixels. */
export function pixels(width: number, height: number, rgb: Uint8Array): Pixels {
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) data.set(rgb.subarray(i * 3, i * 3 + 3), i * 4);
  return { width, height, data };
}

/** The crops that the gates are asked about. */
export function gateCrops(): Uint8Array[] {
  const all = gunzipSync(readFileSync(new URL("gate.u8.gz", folder)));
  const area = 48 * 48;
  return Array.from({ length: all.length / area }, (_, i) => new Uint8Array(all.subarray(i * area, (i + 1) * area)));
}

export function photograph(): Pixels {
  const { width, height } = golden.picture;
  return pixels(width, height, gunzipSync(readFileSync(new URL("picture.rgb.gz", folder))));
}

/** A quarter turn to the left, as NumPy's rot90. */
export function onSide({ width, height, data }: Pixels): Pixels {
  const turned = new Uint8ClampedArray(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const target = ((width - 1 - x) * height + y) * 4;
      turned.set(data.subarray((y * width + x) * 4, (y * width + x) * 4 + 4), target);
    }
  }
  return { width: height, height: width, data: turned };
}
