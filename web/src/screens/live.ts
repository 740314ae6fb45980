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

export interface Figures {
  readonly rate: number;
  readonly steps: FrameResult["steps"];
  readonly resting: boolean;
}

export class LiveLoop {
  onResult: (result: FrameResult, figures: Figures) => void = () => {};
  onFault: (error: FaultError) => void = () => {};
  private readonly engine: Engine;
  private readonly video: HTMLVideoElement;
  private busy = false;
  /** Whether a newer frame has come while one is being read. */
  private newer = false;
  private running = false;
  private started = 0;
  private changed = 0;
  private recent: { readonly time: number; readonly steps: FrameResult["steps"] }[] = [];

  constructor(engine: Engine, video: HTMLVideoElement) {
    this.engine = engine;
    this.video = video;
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    this.changed = now();
    this.recent = [];
    void this.engine.call("forget", {});
  }

  stop(): void {
    this.running = false;
  }

  /** Takes the video's present frame; while one is being read, the newest one waits for its end. */
  async frame(): Promise<void> {
    if (!this.running || !this.video.videoWidth) return;
    if (this.busy) return void (this.newer = true);
    if (this.resting && now() - this.started < REST) return;
    this.busy = true;
    this.newer = false;
    this.started = now();
    try {
      const bitmap = await grab(this.video);
      const { smooth, heat } = settings.value;
      const result = await this.engine.call("frame", { bitmap, time: this.started, options: { smooth, map: heat, chosen: null } });
      if (this.running) this.deliver(result);
    } catch (error) {
      // A video that ends between two frames has no picture to give: the camera's own state says so.
      if (error instanceof FaultError) this.onFault(error);
    } finally {
      this.busy = false;
    }
    if (this.newer) void this.frame();
  }

  private get resting(): boolean {
    return settings.value.saver && now() - this.changed > PATIENCE;
  }

  private deliver(result: FrameResult): void {
    const time = now();
    if (result.change > NOISE) this.changed = time;
    this.recent = [...this.recent.slice(1 - AVERAGED), { time, steps: result.steps }];
    const span = time - this.recent[0]!.time;
    const mean = (step: keyof FrameResult["steps"]): number =>
      this.recent.reduce((sum, { steps }) => sum + steps[step], 0) / this.recent.length;
    this.onResult(result, {
      rate: span > 0 ? (this.recent.length - 1) / span : 0,
      steps: { grab: mean("grab"), detect: mean("detect"), crop: mean("crop"), read: mean("read") },
      resting: this.resting,
    });
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
