/** A video's frames in, its faces with their expressions out. */
import { named } from "./clarity";
import type { FaceDetector } from "./detection";
import { FACE, KEEP, largestFirst } from "./detection";
import type { FrameOptions, FrameReading, ReadFace, Reading, Verdict } from "./faces";
import { overlap } from "./geometry";
import type { Detection, Pixels } from "./geometry";
import { Pace } from "./pace";
import type { Pyramid } from "./pyramid";
import type { Crop, FaceReader, Read } from "./reader";
import { Smoother } from "./smoothing";
import { Headline, MainFace, Steady, SteadyExpression, SteadyVerdict } from "./steadiness";
import { SAME_FACE_OVERLAP, Tracker, expected } from "./tracking";
import type { Track } from "./tracking";

/** While faces are followed the whole frame is searched only this often, in seconds. */
const SEARCH_EVERY = 0.4;
/** Faces looked for in a frame, at most: the main one, and the others in turn, so that more faces do not mean fewer frames. */
const LOOKS = 2;
/** New faces taken up in a frame, at most. */
const NEWCOMERS = 4;
/** A face that is not seen is looked for where it was for so long, and shown for so long, in seconds. */
const LOOK_AGAIN = 0.5;
const HOLD = 0.8;
/** A find is believed when it was seen this often. */
const BELIEVED = 2;
/** A gate that is another model judges a face again after this many readings. */
const JUDGE_EVERY = 6;

/** What is known of a face. */
interface Memory {
  readonly smoother: Smoother;
  readonly expression: SteadyExpression;
  readonly gate: SteadyVerdict;
  readings: number;
  /** As the model and the gate gave it last. */
  raw: Reading;
  rawVerdict: Verdict;
  smoothed: Float32Array;
  place: number | null;
  verdict: Verdict;
  /** When it was read last, as a count of the frames in which faces were read. */
  turn: number;
}

export class LiveRecognizer {
  private readonly detector: FaceDetector;
  private readonly reader: FaceReader;
  private readonly tracker = new Tracker();
  private readonly mainFace = new MainFace();
  private readonly headline = new Headline();
  private readonly others = new Steady(0);
  private readonly memories = new Map<number, Memory>();
  private readonly pace = new Pace();
  private main: number | null = null;
  private chosen: number | null = null;
  private searched = -Infinity;
  private turn = 0;
  private last: Uint8Array | null = null;

  constructor(detector: FaceDetector, reader: FaceReader) {
    this.detector = detector;
    this.reader = reader;
  }

  /** time: seconds on the video's own clock, never falling. */
  async frame(pixels: Pixels, time: number, options: FrameOptions): Promise<FrameReading> {
    const change = this.difference(pixels);
    const start = performance.now();
    await this.find(pixels, time);
    const found = performance.now();
    const inSight = this.inSight(time, options);
    this.main = this.mainFace.next(inSight.map(({ id, detection }) => ({ id, box: detection.box })), options.chosen, time);
    const due = this.due(inSight);
    const crops = due.map((track) => this.crop(pixels, track, time));
    const cut = performance.now();
    if (due.length) await this.read(due, crops, time, options);
    this.forgetOthers();
    const faces = largestFirst(inSight.map((track) => this.readFace(track, time, options)).filter((read) => read !== null));
    const main = faces.find(({ id }) => id === this.main) ?? null;
    const atOnce = !options.smooth || options.chosen !== this.chosen;
    this.chosen = options.chosen;
    return {
      faces,
      main: this.headline.next(main, time, atOnce),
      others: this.others.next(Math.max(faces.length - 1, 0), time),
      change,
      steps: { detect: found - start, crop: cut - found, read: performance.now() - cut },
    };
  }

  /** The largest faces that are there, and the chosen one. */
  private inSight(time: number, { faces, chosen }: FrameOptions): Track[] {
    const shown = this.tracker.current.filter((track) => isShown(track, time));
    const largest = largestFirst(shown.map((track) => ({ box: track.detection.box, track }))).map(({ track }) => track);
    return largest.filter(({ id }, i) => i < faces || id === chosen);
  }

  /** Looks where faces were, and every now and then at the whole frame. */
  private async find(pixels: Pixels, time: number): Promise<void> {
    const pyramid = this.detector.pyramid(pixels);
    const followed = this.tracker.current.filter((track) => time - track.seen <= LOOK_AGAIN || track.seen === track.looked);
    const searching = !followed.length || time - this.searched >= SEARCH_EVERY;
    const first = (track: Track): number => (track.id === this.main || track.sightings < BELIEVED ? -Infinity : track.looked);
    const inTurn = [...followed].sort((one, other) => first(one) - first(other));
    for (const track of inTurn.slice(0, LOOKS)) {
      this.tracker.follow(track, await this.detector.refine(pyramid, expected(track, time), KEEP), pixels, time);
    }
    if (searching) await this.search(pyramid, pixels, followed, time);
    this.tracker.settle(time);
  }

  private async search(pyramid: Pyramid, pixels: Pixels, followed: readonly Track[], time: number): Promise<void> {
    const isNew = ({ box }: Detection): boolean =>
      !followed.some((track) => track.seen === track.looked && overlap(box, expected(track, time).box) >= SAME_FACE_OVERLAP);
    const newcomers = (await this.detector.candidates(pyramid, pixels)).filter(isNew);
    const faces: Detection[] = [];
    for (const candidate of newcomers.slice(0, NEWCOMERS)) {
      const face = await this.detector.refine(pyramid, candidate);
      if (face) faces.push(face);
    }
    this.tracker.search(faces, pixels, time);
    // Those that are left are taken up in the next frame.
    this.searched = newcomers.length > NEWCOMERS && faces.length === NEWCOMERS ? -Infinity : time;
  }

  /**
   * The faces to read: those that were never read, then the main one and the others in turn. Where one at a time is read,
   * the main one is read every other time.
   */
  private due(inSight: readonly Track[]): Track[] {
    const most = this.pace.most(this.reader.model.network.together);
    const turnOf = ({ id }: Track): number => this.memories.get(id)?.turn ?? -1;
    const isFirst = (track: Track): boolean => track.id === this.main && (most > 1 || turnOf(track) !== this.turn);
    const rank = (track: Track): number => (isFirst(track) ? Math.min(0, turnOf(track)) : turnOf(track));
    const seen = inSight.filter((track) => track.seen === track.looked);
    return seen.sort((one, other) => rank(one) - rank(other)).slice(0, most);
  }

  private crop(pixels: Pixels, track: Track, time: number): Crop {
    // A face that is followed may score less than one that is found: it was found before.
    return this.reader.cropFace(pixels, placeOf(track, time), Math.max(track.detection.score, FACE));
  }

  /** Reads all of them in one call, and keeps what it brings. */
  private async read(tracks: readonly Track[], crops: readonly Crop[], time: number, options: FrameOptions): Promise<void> {
    const start = performance.now();
    const reads = await this.reader.read(crops, options.evenly);
    const verdicts = await this.verdicts(tracks, crops, reads);
    this.pace.took(performance.now() - start, crops.length);
    this.turn += 1;
    tracks.forEach((track, i) => this.keep(track, reads[i]!.reading, verdicts[i]!, time, options));
  }

  /** The gate's word on each face: the one that came along, a new one where it is due, or the last one. */
  private async verdicts(tracks: readonly Track[], crops: readonly Crop[], reads: readonly Read[]): Promise<Verdict[]> {
    const said = tracks.map(({ id }, i) => {
      const before = this.memories.get(id);
      return reads[i]!.verdict ?? (before && before.readings % JUDGE_EVERY ? before.rawVerdict : null);
    });
    const asked = crops.filter((_, i) => said[i] === null);
    const judged = asked.length ? await this.reader.judge(asked) : [];
    return said.map((verdict) => verdict ?? judged.shift()!);
  }

  private keep({ id }: Track, reading: Reading, verdict: Verdict, time: number, options: FrameOptions): void {
    const before = this.memories.get(id);
    const parts = before ?? { smoother: new Smoother(), expression: new SteadyExpression(), gate: new SteadyVerdict() };
    const smoothed = parts.smoother.add(reading.probabilities, time, options.memory);
    this.memories.set(id, {
      smoother: parts.smoother,
      expression: parts.expression,
      gate: parts.gate,
      readings: (before?.readings ?? 0) + 1,
      raw: reading,
      rawVerdict: verdict,
      smoothed,
      place: parts.expression.next(smoothed, time, options.clear ?? undefined),
      verdict: parts.gate.next(verdict, time),
      turn: this.turn,
    });
  }

  private readFace(track: Track, time: number, { smooth, map, clear }: FrameOptions): ReadFace | null {
    const memory = this.memories.get(track.id);
    if (!memory) return null;
    const { raw, smoothed } = memory;
    const detection = placeOf(track, time);
    return {
      id: track.id,
      box: detection.box,
      square: this.reader.model.framing.square(detection),
      score: detection.score,
      verdict: smooth ? memory.verdict : memory.rawVerdict,
      place: smooth ? memory.place : named(raw.probabilities, clear),
      reading: { probabilities: smooth ? smoothed : raw.probabilities, map: map ? raw.map : null },
    };
  }

  private forgetOthers(): void {
    const alive = new Set(this.tracker.current.map((track) => track.id));
    for (const id of this.memories.keys()) if (!alive.has(id)) this.memories.delete(id);
  }

  /** Mean difference to the last frame in grey levels, on some 1,200 pixels. */
  private difference(pixels: Pixels): number {
    const step = Math.max(1, Math.floor(Math.sqrt((pixels.width * pixels.height) / 1200)));
    const sample = new Uint8Array(Math.ceil(pixels.width / step) * Math.ceil(pixels.height / step));
    let place = 0;
    for (let y = 0; y < pixels.height; y += step) {
      for (let x = 0; x < pixels.width; x += step) sample[place++] = pixels.data[(y * pixels.width + x) * 4 + 1]!;
    }
    const last = this.last;
    this.last = sample;
    if (last?.length !== sample.length) return Infinity;
    return sample.reduce((sum, value, i) => sum + Math.abs(value - last[i]!), 0) / sample.length;
  }
}

/** Whether a face is there: found when it was last looked for, or a moment before. */
function isShown(track: Track, time: number): boolean {
  return track.sightings >= BELIEVED && (track.seen === track.looked || time - track.seen <= HOLD);
}

/** Where a face is: moved on where it was not its turn to be looked for, or else where it was seen. */
function placeOf(track: Track, time: number): Detection {
  return track.seen === track.looked ? expected(track, time) : track.detection;
}
