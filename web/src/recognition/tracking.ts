/** Faces over time: an id that stays with a face, and probabilities smoothed along it. */
import { overlap } from "./geometry";
import type { Detection } from "./geometry";

/** A face that is not seen keeps its id for this long, in seconds. */
const PATIENCE = 0.6;
/** A reading's weight falls to a third after this long, in seconds: slower than flicker, quicker than a smile. */
const MEMORY = 0.35;
/** The overlap from which two finds are one face. */
const SAME = 0.3;

export interface Track {
  readonly id: number;
  detection: Detection;
  /** When it was last seen, in seconds. */
  seen: number;
}

export class Tracker {
  private tracks: Track[] = [];
  private next = 1;

  /** Those seen in the last frame and those lost a moment ago. */
  get current(): readonly Track[] {
    return this.tracks;
  }

  /** Forgets every face; ids go on, so that none is used twice. */
  clear(): void {
    this.tracks = [];
  }

  /** What `follow` found for each of `current`, in its order. */
  follow(found: readonly (Detection | null)[], time: number): void {
    this.tracks.forEach((track, i) => {
      const detection = found[i];
      if (detection) Object.assign(track, { detection, seen: time });
    });
    this.settle(time);
  }

  /** What a search of the whole frame found; a face that is nobody's yet gets the next id. */
  search(found: readonly Detection[], time: number): void {
    const free = new Set(this.tracks);
    const pairs = found
      .flatMap((detection) => this.tracks.map((track) => ({ detection, track, common: overlap(detection.box, track.detection.box) })))
      .filter((pair) => pair.common >= SAME)
      .sort((one, other) => other.common - one.common);
    const taken = new Set<Detection>();
    for (const { detection, track } of pairs) {
      if (taken.has(detection) || !free.delete(track)) continue;
      taken.add(detection);
      Object.assign(track, { detection, seen: time });
    }
    for (const detection of found) {
      if (!taken.has(detection)) this.tracks.push({ id: this.next++, detection, seen: time });
    }
    this.settle(time);
  }

  /** Lets go of the long lost, and of a newer track that ended up on an older one's face. */
  private settle(time: number): void {
    this.tracks = this.tracks.filter(
      (track) =>
        time - track.seen <= PATIENCE &&
        !this.tracks.some(
          (other) =>
            other.id < track.id &&
            other.seen === time &&
            overlap(other.detection.box, track.detection.box) >= SAME,
        ),
    );
  }
}

/** A running mean of probabilities that follows time and not frames, so that a slow device smooths as a quick one does. */
export class Smoother {
  private value: Float32Array | null = null;
  private time = 0;

  add(probabilities: Float32Array, time: number): Float32Array {
    if (!this.value) this.value = probabilities.slice();
    const share = 1 - Math.exp(-(time - this.time) / MEMORY);
    const value = this.value;
    probabilities.forEach((probability, i) => (value[i]! += share * (probability - value[i]!)));
    this.time = time;
    return value.slice();
  }
}
