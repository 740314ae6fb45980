/** Real time: frames go to the worker one at a time; of those that come while it is busy, all but the newest are dropped. */
import type { Engine } from "../engine/client";
import { FaultError } from "../engine/fault";
import type { FrameResult } from "../engine/protocol";
import { settings } from "../settings";

/** Differences below this, in grey levels, are the camera's own noise. */
const NOISE = 2;
/** So long without a change, in seconds, before the rate falls; and the rate then, in seconds a frame. */
const PATIENCE = 2;
const REST = 0.25;
/** Results that the figures are averaged over. */
const AVERAGED = 20;

export type Steps = FrameResult["steps"];

export interface Figures {
  readonly rate: number;
  readonly steps: Steps;
  readonly resting: boolean;
  /** Of the last frames, the newest last. */
  readonly recent: readonly Steps[];
}

export class LiveLoop {
  /** time: of the frame, on the video's own clock. */
  onResult: (result: FrameResult, figures: Figures, time: number) => void = () => {};
  onFault: (error: FaultError) => void = () => {};
  /** The video's own clock, in seconds: a camera has none but the page's. */
  clock: () => number = now;
  /** The number of the face that the user chose; null for none. */
  chosen: number | null = null;
  private readonly engine: Engine;
  private readonly video: HTMLVideoElement;
  private busy = false;
  /** Whether a newer frame has come while one is being read. */
  private newer = false;
  private running = false;
  private started = 0;
  private changed = 0;
  private recent: { readonly time: number; readonly steps: Steps }[] = [];

  constructor(engine: Engine, video: HTMLVideoElement) {
    this.engine = engine;
    this.video = video;
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    this.changed = now();
    this.recent = [];
    void this.forget();
  }

  stop(): void {
    this.running = false;
  }

  /** Forgets the faces of the last frames: the next one is of another scene. */
  async forget(): Promise<void> {
    await this.engine.call("forget", {}).catch(() => undefined);
  }

  /** Reads at full rate again: something is about to change. */
  wake(): void {
    this.changed = now();
  }

  /** Takes the video's present frame; while one is being read, the newest one waits for its end. */
  async frame(): Promise<void> {
    if (!this.running || !this.video.videoWidth) return;
    if (this.busy) return void (this.newer = true);
    if (this.resting && now() - this.started < REST) return;
    this.busy = true;
    this.newer = false;
    this.started = now();
    const time = this.clock();
    try {
      const bitmap = await grab(this.video);
      const { smooth, heat, memory, faces, clear, evenly, brightness, contrast } = settings.value;
      const options = { smooth, memory, map: heat, faces, clear, evenly, chosen: this.chosen };
      const result = await this.engine.call("frame", { bitmap, time, options, adjust: { brightness, contrast } });
      if (this.running) this.deliver(result, time);
    } catch (error) {
      // A video that ends between two frames has no picture to give: the camera's own state says so.
      if (error instanceof FaultError && this.running) this.onFault(error);
    } finally {
      this.busy = false;
    }
    if (this.newer) void this.frame();
  }

  private get resting(): boolean {
    return settings.value.saver && now() - this.changed > PATIENCE;
  }

  private deliver(result: FrameResult, shown: number): void {
    const time = now();
    if (result.change > NOISE) this.changed = time;
    this.recent = [...this.recent.slice(1 - AVERAGED), { time, steps: result.steps }];
    const span = time - this.recent[0]!.time;
    const mean = (step: keyof Steps): number => this.recent.reduce((sum, { steps }) => sum + steps[step], 0) / this.recent.length;
    const figures = {
      rate: span > 0 ? (this.recent.length - 1) / span : 0,
      steps: { grab: mean("grab"), detect: mean("detect"), crop: mean("crop"), read: mean("read") },
      resting: this.resting,
      recent: this.recent.map(({ steps }) => steps),
    };
    this.onResult(result, figures, shown);
  }
}

/** The video's present picture; a `VideoFrame` is not copied, and so costs the page no time. */
async function grab(video: HTMLVideoElement): Promise<ImageBitmap | VideoFrame> {
  if (typeof VideoFrame === "undefined") return createImageBitmap(video);
  const frame = new VideoFrame(video);
  // Where a browser forgets that the camera is turned, the bitmap knows.
  if (frame.displayWidth === video.videoWidth) return frame;
  frame.close();
  return createImageBitmap(video);
}

function now(): number {
  return performance.now() / 1000;
}
