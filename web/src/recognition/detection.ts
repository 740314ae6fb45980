/** Face detection with BlazeFace in two steps, the same steps as Python's `detection.py`; that file says why. */
import { area, centre, overlap, toPicture, rollOf } from "./geometry";
import type { Box, Detection, Pixels, Point, Square } from "./geometry";
import { Pyramid } from "./pyramid";

export const FRONT_SIZE = 128;
export const BACK_SIZE = 256;

const CANDIDATE_THRESHOLD = 0.5;
export const FACE = 0.7;
/** A face that was there a moment ago may score this low: in dim light it would come and go. */
export const KEEP = 0.5;
const SAME_FACE_OVERLAP = 0.3;
const REFINE_CONTEXT = 2;
const MARGIN = 1 / 0.6;
const TILE = 1280;
const TILES = 6;
const SHARED = 0.2;
const ANCHORS = anchors();

/** What a BlazeFace network answers: 896 scores (before the sigmoid) and 896 x 16 places in pixels of its input. */
export interface RawFaces {
  readonly scores: readonly Float32Array[];
  readonly places: readonly Float32Array[];
}

/** Runs one network on float32 RGB [size, size, 3] in [-1, 1]. */
export type DetectionNetwork = (input: Float32Array) => Promise<RawFaces>;

export class FaceDetector {
  private readonly front: DetectionNetwork;
  private readonly back: DetectionNetwork;
  private readonly frontInput = new Float32Array(FRONT_SIZE * FRONT_SIZE * 3);
  private readonly backInput = new Float32Array(BACK_SIZE * BACK_SIZE * 3);

  constructor(front: DetectionNetwork, back: DetectionNetwork) {
    this.front = front;
    this.back = back;
  }

  /** The faces of a picture, largest first. */
  async detect(picture: Pixels): Promise<Detection[]> {
    const pyramid = this.pyramid(picture);
    const found = await this.detectInWhole(pyramid, picture);
    for (const tile of tileSquares(picture.height, picture.width, TILES)) found.push(...(await this.detectByBack(pyramid, tile)));
    const faces: Detection[] = [];
    for (const candidate of merge(found)) {
      const face = await this.refine(pyramid, candidate);
      if (face) faces.push(face);
    }
    return largestFirst(merge(faces));
  }

  /** A picture as `candidates` and `refine` take it. */
  pyramid(picture: Pixels): Pyramid {
    return new Pyramid(picture, FRONT_SIZE);
  }

  /** Where faces may be in a video's frame, best score first; each still to be refined. */
  async candidates(pyramid: Pyramid, frame: Pixels): Promise<Detection[]> {
    return merge(await this.detectInWhole(pyramid, frame));
  }

  /**
   * A candidate, or a face of the last frame, as the front network sees it: upright, in the middle and at the size it
   * knows best; null for no face.
   *
   * @param least the score that a face has to reach, in [0, 1]
   */
  async refine(pyramid: Pyramid, candidate: Detection, least = FACE): Promise<Detection | null> {
    const { box, landmarks } = candidate;
    const side = REFINE_CONTEXT * Math.max(box.right - box.left, box.bottom - box.top);
    const seen = merge(await this.detectByFront(pyramid, { ...centre(box), side, roll: rollOf(landmarks) }, least));
    // The best score comes first.
    return seen.find((face) => overlap(face.box, box) >= SAME_FACE_OVERLAP) ?? null;
  }

  private async detectInWhole(pyramid: Pyramid, { width, height }: Pixels): Promise<Detection[]> {
    const whole = { x: width / 2, y: height / 2, side: Math.max(width, height), roll: 0 };
    const back = await this.detectByBack(pyramid, whole);
    return [...back, ...(await this.detectByFront(pyramid, { ...whole, side: whole.side * MARGIN }))];
  }

  private async detectByFront(pyramid: Pyramid, square: Square, threshold = CANDIDATE_THRESHOLD): Promise<Detection[]> {
    pyramid.view(square, FRONT_SIZE, this.frontInput);
    return decode(await this.front(this.frontInput), square, FRONT_SIZE, threshold);
  }

  private async detectByBack(pyramid: Pyramid, square: Square): Promise<Detection[]> {
    pyramid.view(square, BACK_SIZE, this.backInput);
    return decode(await this.back(this.backInput), square, BACK_SIZE, CANDIDATE_THRESHOLD);
  }
}

export function largestFirst<T extends { readonly box: Box }>(faces: readonly T[]): T[] {
  return [...faces].sort((one, other) => area(other.box) - area(one.box));
}

/** What scores at least `threshold`, in the picture's coordinates, each face still many times. */
export function decode(raw: RawFaces, square: Square, size: number, threshold: number): Detection[] {
  const least = Math.log(threshold / (1 - threshold));
  const found: Detection[] = [];
  let anchor = 0;
  raw.scores.forEach((scores, part) => {
    const places = raw.places[part]!;
    for (let i = 0; i < scores.length; i++, anchor++) {
      // Written so that a score that is no number finds nothing.
      if (!(scores[i]! >= least)) continue;
      const { x, y } = ANCHORS[anchor]!;
      const point = (pair: number): Point =>
        toPicture({ x: x + places[i * 16 + pair * 2]! / size, y: y + places[i * 16 + pair * 2 + 1]! / size }, square);
      const middle = point(0);
      const width = (places[i * 16 + 2]! / size) * square.side;
      const height = (places[i * 16 + 3]! / size) * square.side;
      found.push({
        box: {
          left: middle.x - width / 2,
          top: middle.y - height / 2,
          right: middle.x + width / 2,
          bottom: middle.y + height / 2,
        },
        score: 1 / (1 + Math.exp(-scores[i]!)),
        landmarks: [2, 3, 4, 5, 6, 7].map(point),
      });
    }
  });
  return found;
}

/** The 896 centres that places are relative to: two for each cell of 16 x 16, six for each of 8 x 8, row by row. */
export function anchors(): Point[] {
  const all: Point[] = [];
  for (const [cells, count] of [[16, 2], [8, 6]] as const) {
    for (let row = 0; row < cells; row++) {
      for (let column = 0; column < cells; column++) {
        for (let i = 0; i < count; i++) all.push({ x: (column + 0.5) / cells, y: (row + 0.5) / cells });
      }
    }
  }
  return all;
}

/** Weighted non-maximum suppression: one detection a face, best score first. */
export function merge(detections: readonly Detection[], same = SAME_FACE_OVERLAP): Detection[] {
  let waiting = [...detections].sort((one, other) => other.score - one.score);
  const merged: Detection[] = [];
  while (waiting.length) {
    const best = waiting[0]!;
    const group: Detection[] = [];
    const rest: Detection[] = [];
    for (const other of waiting) {
      (other === best || overlap(other.box, best.box) >= same ? group : rest).push(other);
    }
    waiting = rest;
    merged.push(group.length === 1 ? best : mean(group, best.score));
  }
  return merged;
}

function mean(group: readonly Detection[], score: number): Detection {
  const total = group.reduce((sum, member) => sum + member.score, 0);
  const average = (value: (member: Detection) => number): number =>
    group.reduce((sum, member) => sum + member.score * value(member), 0) / total;
  return {
    box: {
      left: average((member) => member.box.left),
      top: average((member) => member.box.top),
      right: average((member) => member.box.right),
      bottom: average((member) => member.box.bottom),
    },
    score,
    landmarks: group[0]!.landmarks.map((_, i) => ({
      x: average((member) => member.landmarks[i]!.x),
      y: average((member) => member.landmarks[i]!.y),
    })),
  };
}

/** At most `limit` equal overlapping squares that cover a picture; none where one square would do. */
export function tileSquares(height: number, width: number, limit: number): Square[] {
  const side = (rows: number, columns: number): number =>
    Math.max(height / (1 + (rows - 1) * (1 - SHARED)), width / (1 + (columns - 1) * (1 - SHARED)));
  let best: { rows: number; columns: number; keys: number[] } | null = null;
  for (let rows = 1; rows <= limit; rows++) {
    for (let columns = 1; columns <= Math.floor(limit / rows); columns++) {
      const keys = [Math.max(side(rows, columns), TILE), rows * columns, side(rows, columns)];
      if (!best || isLess(keys, best.keys)) best = { rows, columns, keys };
    }
  }
  if (!best || best.rows * best.columns === 1) return [];
  const length = side(best.rows, best.columns);
  const { rows, columns } = best;
  return middles(height, length, rows).flatMap((y) =>
    middles(width, length, columns).map((x) => ({ x, y, side: length, roll: 0 })),
  );
}

function isLess(one: readonly number[], other: readonly number[]): boolean {
  const place = one.findIndex((value, i) => value !== other[i]);
  return place >= 0 && one[place]! < other[place]!;
}

function middles(extent: number, length: number, count: number): number[] {
  if (count === 1) return [extent / 2];
  return Array.from({ length: count }, (_, i) => length / 2 + ((extent - length) * i) / (count - 1));
}
