/** What the main face showed over time, for the strip below the result and for tables. */
import type { ReadFace } from "./recognition/faces";

export interface Moment {
  /** Seconds on the video's own clock. */
  readonly time: number;
  /** Null where no face was in sight. */
  readonly face: ReadFace | null;
  /** All faces of the frame. */
  readonly faces: readonly ReadFace[];
}

/** Moments of a video in order, at most one in `STEP`; the oldest are let go of. */
export const STEP = 0.2;

export class Timeline {
  private moments: Moment[] = [];
  private readonly longest: number;

  /** longest: how much is kept, in seconds. */
  constructor(longest: number) {
    this.longest = longest;
  }

  get all(): readonly Moment[] {
    return this.moments;
  }

  /** Adds a moment; where the video was turned back, in its place among the others. */
  add(moment: Moment): void {
    const { moments } = this;
    const after = moments.findIndex(({ time }) => time >= moment.time);
    const place = after < 0 ? moments.length : after;
    const before = moments[place - 1];
    const near = (other: Moment | undefined): boolean => other !== undefined && Math.abs(other.time - moment.time) < STEP;
    if (near(moments[place])) moments[place] = without(moment);
    else if (!near(before)) moments.splice(place, 0, without(moment));
    const newest = moments.at(-1)!.time;
    while (newest - moments[0]!.time > this.longest) moments.shift();
  }

  /** The moment nearest to a time; null where there is none. */
  at(time: number): Moment | null {
    const distance = (moment: Moment): number => Math.abs(moment.time - time);
    return this.moments.reduce<Moment | null>((best, moment) => (best && distance(best) <= distance(moment) ? best : moment), null);
  }

  clear(): void {
    this.moments = [];
  }

  /** The moments as CSV: a row a face, and one for a moment without any. */
  table(classes: readonly string[]): string {
    const head = ["time_s", "face", "expression", "verdict", "left", "top", "right", "bottom", ...classes];
    const start = this.moments[0]?.time ?? 0;
    const rows = this.moments.flatMap(({ time, faces }) => {
      const when = (time - start).toFixed(2);
      if (!faces.length) return [[when, ...new Array<string>(head.length - 1).fill("")]];
      return faces.map((face) => row(when, face, classes));
    });
    return [head, ...rows].map((cells) => cells.map(quoted).join(",")).join("\r\n") + "\r\n";
  }
}

function row(when: string, { id, place, verdict, box, reading }: ReadFace, classes: readonly string[]): string[] {
  const corners = [box.left, box.top, box.right, box.bottom].map((value) => value.toFixed(1));
  const shares = [...reading.probabilities].map((share) => share.toFixed(4));
  return [when, String(id), place === null ? "" : (classes[place] ?? ""), verdict === "none" ? "" : verdict, ...corners, ...shares];
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** A moment without its heat maps, which would fill the memory. */
function without({ time, face, faces }: Moment): Moment {
  const light = (one: ReadFace): ReadFace => ({ ...one, reading: { ...one.reading, map: null } });
  return { time, face: face && light(face), faces: faces.map(light) };
}
