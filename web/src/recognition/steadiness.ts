/** What is named of the faces in a video, so that it can be read: words change when faces do, not when numbers tremble. */
import { PLAIN, strongest } from "./clarity";
import { isStrange } from "./faces";
import type { ReadFace, Verdict } from "./faces";
import { area } from "./geometry";
import type { Box } from "./geometry";
import { Smoother } from "./smoothing";

/** A word stays for this long, in seconds. */
export const DWELL = 1;
/** Another expression is named when its share is larger by this much for so long, in seconds; or at once by much more. */
const LEAD = 0.05;
const STAYS = 0.7;
const FAR_LEAD = 0.3;
/** How much clearer an expression must be to be named again after none was. */
const CLEARER = 0.03;
/** The gate's word over time: its memory in seconds, and the shares of strange readings between which it stays. */
const GATE_MEMORY = 0.5;
const GATE_KNOWN = 0.35;
const GATE_STRANGE = 0.65;
/** Another face becomes the main one when it is larger by this factor for this long, in seconds. */
const LARGER = 1.3;
const LONG_ENOUGH = 1;

/** A value that changes at most once in `DWELL`. */
export class Steady<T> {
  private current: T;
  private since = -Infinity;

  constructor(value: T) {
    this.current = value;
  }

  get value(): T {
    return this.current;
  }

  /** @returns `wanted`, or what was there before where that came less than `DWELL` ago */
  next(wanted: T, time: number): T {
    if (wanted !== this.current && time - this.since >= DWELL) {
      this.current = wanted;
      this.since = time;
    }
    return this.current;
  }
}

/** The class that is named for a face, by its smoothed probabilities; null while no expression is clear. */
export class SteadyExpression {
  private readonly place = new Steady<number | null>(null);
  /** What would be named by the last readings, and since when. */
  private coming: { readonly place: number | null; readonly since: number } | null = null;
  private begun = false;

  /** @param clear the share below which none is named */
  next(probabilities: Float32Array, time: number, clear = PLAIN): number | null {
    const { value } = this.place;
    const wanted = this.wanted(probabilities, clear);
    const atOnce = !this.begun || (wanted !== null && value !== null && probabilities[wanted]! >= probabilities[value]! + FAR_LEAD);
    this.begun = true;
    if (wanted === value) this.coming = null;
    else if (!this.coming || this.coming.place !== wanted) this.coming = { place: wanted, since: time };
    const stays = this.coming !== null && time - this.coming.since >= STAYS;
    return atOnce || stays ? this.place.next(wanted, time) : value;
  }

  private wanted(probabilities: Float32Array, clear: number): number | null {
    const { value } = this.place;
    const { place, share } = strongest(probabilities);
    if (share < (value === null && this.begun ? clear + CLEARER : clear)) return null;
    return value !== null && share < probabilities[value]! + LEAD ? value : place;
  }
}

/** The gate's word on a face, by the share of its readings in the last moments. */
export class SteadyVerdict {
  private readonly verdict = new Steady<Verdict>("none");
  private readonly strangeness = new Smoother();

  next(verdict: Verdict, time: number): Verdict {
    if (verdict === "none") return this.verdict.value;
    const shares = [isStrange(verdict) ? 1 : 0, verdict === "covered" ? 1 : 0];
    const [strange, covered] = this.strangeness.add(shares, time, GATE_MEMORY) as unknown as [number, number];
    if (strange >= GATE_STRANGE) return this.verdict.next(covered > strange / 2 ? "covered" : "strange", time);
    return strange <= GATE_KNOWN ? this.verdict.next("known", time) : this.verdict.value;
  }
}

/** Which face is the main one: the user's choice, or else the one it was, until another is clearly larger for a while. */
export class MainFace {
  private id: number | null = null;
  private larger: { readonly id: number; readonly since: number } | null = null;

  /**
   * @param faces those in sight
   * @param chosen the number of the face that the user chose; null for none
   */
  next(faces: readonly { readonly id: number; readonly box: Box }[], chosen: number | null, time: number): number | null {
    const largest = faces.reduce<(typeof faces)[number] | null>((best, face) => (best && area(best.box) >= area(face.box) ? best : face), null);
    const main = faces.find((face) => face.id === this.id);
    if (faces.some((face) => face.id === chosen)) this.take(chosen);
    else if (!main || !largest) this.take(largest?.id ?? null);
    else if (largest === main || area(largest.box) < LARGER * area(main.box)) this.larger = null;
    else if (this.larger?.id !== largest.id) this.larger = { id: largest.id, since: time };
    else if (time - this.larger.since >= LONG_ENOUGH) this.take(largest.id);
    return this.id;
  }

  private take(id: number | null): void {
    this.id = id;
    this.larger = null;
  }
}

/** What stands in large type: whose face, its expression, the gate's word. At most one change in `DWELL`. */
export class Headline {
  private shown: ReadFace | null = null;
  private since = -Infinity;

  /** @param atOnce whether the change is the user's own, and is not waited for */
  next(main: ReadFace | null, time: number, atOnce: boolean): ReadFace | null {
    const { shown } = this;
    const same = main?.id === shown?.id;
    if (same && main?.place === shown?.place && main?.verdict === shown?.verdict) this.shown = main;
    else if (atOnce || time - this.since >= DWELL) {
      this.shown = main;
      this.since = time;
    } else if (same && main && shown) this.shown = { ...main, place: shown.place, verdict: shown.verdict };
    return this.shown;
  }
}
