/** Faces over time: a number that stays with a face, by where it is and by what it looks like, as Python's `tracking.py`. */
import { area, centre, overlap } from "./geometry";
import type { Box, Detection, Pixels, Point } from "./geometry";

/** A face that is not seen keeps its number for this long, in seconds. */
export const PATIENCE = 2;
/** A face that is not seen is taken to move on as it did for this long, in seconds, and to stand then. */
const COAST = 0.5;
/** The overlap from which two detections are one face. */
export const SAME_FACE_OVERLAP = 0.3;
/** How far from its expected place a lost face may be found again, in face sizes, and what each second adds to it. */
const REACH = 0.6;
const REACH_GROWTH = 2;
/** How much a face found away from its expected place must look like the lost one: the correlation of thumbnails. */
const LIKE_AGAIN = 0.5;
/** A face found again is at most this many times larger or smaller, in area. */
const GROWN = 4;
/** How much of a track's speed and thumbnail stays when it is seen again. */
const STEADINESS = 0.7;
/** Side of a thumbnail in pixels: enough for hair, skin and light, too few for an expression. */
const THUMBNAIL = 12;

export interface Track {
  readonly id: number;
  detection: Detection;
  /** When it was last seen, and last looked for, in seconds. */
  seen: number;
  looked: number;
  /** How often it was seen. */
  sightings: number;
  /** Of its centre, in pixels a second. */
  speed: Point;
  thumbnail: Float32Array;
}

export class Tracker {
  private tracks: Track[] = [];
  private next = 1;

  /** Those seen within `PATIENCE`, oldest first. */
  get current(): readonly Track[] {
    return this.tracks;
  }

  /** What was found where `track` was expected, null for nothing. */
  follow(track: Track, found: Detection | null, picture: Pixels, time: number): void {
    track.looked = time;
    if (found) see(track, found, thumbnail(picture, found.box), time);
  }

  /** What a search of the whole frame found; a face that is nobody's yet gets the next number. */
  search(found: readonly Detection[], picture: Pixels, time: number): void {
    const looks = found.map((detection) => thumbnail(picture, detection.box));
    const pairs = found
      .flatMap((detection, row) => this.tracks.map((track) => ({ row, track, cost: cost(track, detection, looks[row]!, time) })))
      .filter((pair) => pair.cost < Infinity)
      .sort((one, other) => one.cost - other.cost);
    const free = new Set(this.tracks);
    const taken = new Set<number>();
    for (const { row, track } of pairs) {
      if (taken.has(row) || !free.delete(track)) continue;
      taken.add(row);
      track.looked = time;
      see(track, found[row]!, looks[row]!, time);
    }
    found.forEach((detection, row) => {
      if (taken.has(row)) return;
      const track = { id: this.next++, detection, seen: time, looked: time, sightings: 1, speed: { x: 0, y: 0 }, thumbnail: looks[row]! };
      this.tracks.push(track);
    });
  }

  /** Lets go of the long lost, and of a newer track that ended up on an older one's face. */
  settle(time: number): void {
    const inSight = this.tracks.filter((track) => track.seen === time);
    this.tracks = this.tracks.filter(
      (track) =>
        time - track.seen <= PATIENCE &&
        !inSight.some((other) => other.id < track.id && overlap(other.detection.box, track.detection.box) >= SAME_FACE_OVERLAP),
    );
  }
}

/** Where a track's face should be at `time`: its last place, moved on. */
export function expected(track: Track, time: number): Detection {
  const passed = Math.min(time - track.seen, COAST);
  const [x, y] = [track.speed.x * passed, track.speed.y * passed];
  const { box, landmarks, score } = track.detection;
  return {
    score,
    box: { left: box.left + x, top: box.top + y, right: box.right + x, bottom: box.bottom + y },
    landmarks: landmarks.map((point) => ({ x: point.x + x, y: point.y + y })),
  };
}

/** What a face looks like in short: float32 [432], the box's colours without their mean, of length 1. */
export function thumbnail({ width, height, data }: Pixels, box: Box): Float32Array {
  const values = new Float32Array(THUMBNAIL * THUMBNAIL * 3);
  const inside = (value: number, extent: number): number => Math.min(Math.max(Math.floor(value), 0), extent - 1);
  let place = 0;
  for (let row = 0; row < THUMBNAIL; row++) {
    for (let column = 0; column < THUMBNAIL; column++, place += 3) {
      // Four samples a cell: a mean that a camera's noise does not move much.
      for (const [down, across] of [[0.25, 0.25], [0.25, 0.75], [0.75, 0.25], [0.75, 0.75]] as const) {
        const x = inside(box.left + ((box.right - box.left) * (column + across)) / THUMBNAIL, width);
        const y = inside(box.top + ((box.bottom - box.top) * (row + down)) / THUMBNAIL, height);
        for (let channel = 0; channel < 3; channel++) values[place + channel]! += data[(y * width + x) * 4 + channel]!;
      }
    }
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return unit(values.map((value) => value - mean));
}

/** Small for a track and a detection that are one face, infinite where they cannot be. */
function cost(track: Track, detection: Detection, look: Float32Array, time: number): number {
  const alike = track.thumbnail.reduce((sum, value, i) => sum + value * look[i]!, 0);
  const place = expected(track, time).box;
  const common = overlap(place, detection.box);
  if (common >= SAME_FACE_OVERLAP) return 1 - common + (1 - alike);
  const [one, other] = [Math.max(area(place), 1), Math.max(area(detection.box), 1)];
  const [from, to] = [centre(place), centre(detection.box)];
  const distance = Math.hypot(to.x - from.x, to.y - from.y) / Math.sqrt(Math.sqrt(one * other));
  const reach = REACH + REACH_GROWTH * (time - track.seen);
  if (distance > reach || alike < LIKE_AGAIN || Math.max(one, other) > GROWN * Math.min(one, other)) return Infinity;
  return 1 + distance + (1 - alike);
}

function see(track: Track, detection: Detection, look: Float32Array, time: number): void {
  const passed = time - track.seen;
  if (passed > 0) {
    const [from, to] = [centre(track.detection.box), centre(detection.box)];
    const mix = (old: number, now: number): number => STEADINESS * old + (1 - STEADINESS) * now;
    track.speed = { x: mix(track.speed.x, (to.x - from.x) / passed), y: mix(track.speed.y, (to.y - from.y) / passed) };
    track.sightings += 1;
  }
  track.thumbnail = unit(track.thumbnail.map((value, i) => STEADINESS * value + (1 - STEADINESS) * look[i]!));
  track.detection = detection;
  track.seen = time;
}

function unit(values: Float32Array): Float32Array {
  const length = Math.hypot(...values);
  return values.map((value) => value / Math.max(length, 1e-6));
}
