/** A video's frames in, its faces with their expressions out. */
import { crop } from "./cropping";
import type { FaceDetector } from "./detection";
import { largestFirst } from "./detection";
import type { FrameOptions, FrameReading, ReadFace, Reading, Verdict } from "./faces";
import type { Framing } from "./framing";
import type { Pixels } from "./geometry";
import type { FaceReader } from "./reader";
import { Smoother, Tracker } from "./tracking";
import type { Track } from "./tracking";

/** While faces are followed the whole frame is searched only this often, in seconds. */
const SEARCH_EVERY = 0.4;
/** A gate that is another model judges a face again after this many readings. */
const JUDGE_EVERY = 6;

interface Memory {
  readonly smoother: Smoother;
  readings: number;
  verdict: Verdict;
  /** As the model gave it last. */
  raw: Reading | null;
  smoothed: Float32Array | null;
}

export class LiveRecognizer {
  private readonly detector: FaceDetector;
  private readonly reader: FaceReader;
  private readonly framing: Framing;
  private readonly tracker = new Tracker();
  private memories = new Map<number, Memory>();
  private searched = -Infinity;
  private turn = 0;
  private last: Uint8Array | null = null;

  constructor(detector: FaceDetector, reader: FaceReader, framing: Framing) {
    this.detector = detector;
    this.reader = reader;
    this.framing = framing;
  }

  /** time: seconds on the video's own clock, never falling. */
  async frame(pixels: Pixels, time: number, options: FrameOptions): Promise<FrameReading> {
    const change = this.difference(pixels);
    const start = performance.now();
    const seen = this.tracker.current;
    if (!seen.length || time - this.searched >= SEARCH_EVERY) {
      this.tracker.search(await this.detector.detect(pixels, 0), time);
      this.searched = time;
    } else {
      this.tracker.follow(await this.detector.follow(pixels, seen.map((track) => track.detection)), time);
    }
    const found = performance.now();
    const tracks = this.tracker.current.filter((track) => track.seen === time);
    const faces = largestFirst(tracks.map((track) => ({ ...track.detection, track })));
    this.forgetOthers();
    const due = this.due(faces.map((face) => face.track));
    const { size } = this.reader.model;
    const crops = new Uint8Array(due.length * size * size);
    due.forEach((track, i) =>
      crop(pixels, this.framing.square(track.detection), size, crops.subarray(i * size * size, (i + 1) * size * size)),
    );
    const cut = performance.now();
    if (due.length) await this.read(due, crops, time);
    const read: ReadFace[] = [];
    for (const { track } of faces) {
      const memory = this.memories.get(track.id);
      if (!memory?.raw || !memory.smoothed) continue;
      read.push({
        id: track.id,
        box: track.detection.box,
        square: this.framing.square(track.detection),
        score: track.detection.score,
        verdict: memory.verdict,
        reading: {
          probabilities: options.smooth ? memory.smoothed : memory.raw.probabilities,
          map: options.map ? memory.raw.map : null,
        },
      });
    }
    const done = performance.now();
    return { faces: read, change, steps: { detect: found - start, crop: cut - found, read: done - cut } };
  }

  /** The main face and those never read yet, and one of the others in turn: more faces must not mean fewer frames. */
  private due(tracks: readonly Track[]): Track[] {
    const [main, ...others] = tracks;
    if (!main) return [];
    const due = [main, ...others.filter((track) => !this.memories.has(track.id))];
    const known = others.filter((track) => this.memories.has(track.id));
    if (known.length) due.push(known[this.turn++ % known.length]!);
    return due;
  }

  private async read(due: readonly Track[], crops: Uint8Array, time: number): Promise<void> {
    const readings = await this.reader.read(crops, due.length);
    const side = crops.length / due.length;
    for (const [i, { reading, verdict }] of readings.entries()) {
      const { id } = due[i]!;
      let memory = this.memories.get(id);
      if (!memory) {
        memory = { smoother: new Smoother(), readings: 0, verdict: "none", raw: null, smoothed: null };
        this.memories.set(id, memory);
      }
      if (verdict) memory.verdict = verdict;
      else if (memory.readings % JUDGE_EVERY === 0) {
        memory.verdict = (await this.reader.judge(crops.slice(i * side, (i + 1) * side), 1))[0]!;
      }
      memory.readings += 1;
      memory.raw = reading;
      memory.smoothed = memory.smoother.add(reading.probabilities, time);
    }
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
