/** A video file in the camera's place, with a timeline of what was read in it. */
import { h } from "../dom";
import { strings } from "../strings";
import { Timeline } from "../timeline";
import type { Moment } from "../timeline";
import { Strip } from "./strip";

export class Clip {
  readonly element: HTMLElement;
  readonly timeline = new Timeline(Infinity);
  /** Called when it plays, stops, and begins or ends a jump. */
  onChange: (what: "plays" | "stands" | "jumps") => void = () => {};
  private readonly video: HTMLVideoElement;
  private readonly strip = new Strip(strings.clip.strip, (time) => this.seek(time));
  private readonly clock = h("p", { class: "clock" });
  private address: string | null = null;
  private classes: readonly string[] = [];

  constructor(video: HTMLVideoElement) {
    this.video = video;
    this.element = h("div", { class: "clip", hidden: true }, this.strip.element, this.clock);
    for (const event of ["play", "pause", "ended", "seeking", "seeked"]) {
      video.addEventListener(event, () => {
        this.draw();
        if (this.address) this.onChange(event === "seeking" ? "jumps" : this.playing ? "plays" : "stands");
      });
    }
    video.addEventListener("timeupdate", () => this.draw());
  }

  get playing(): boolean {
    return this.address !== null && !this.video.paused && !this.video.ended;
  }

  /** Plays a file from the moment on when it can be read; rejects for one that the browser cannot play. */
  async open(file: Blob, readable: Promise<unknown>): Promise<void> {
    this.timeline.clear();
    const address = URL.createObjectURL(file);
    this.address = address;
    this.video.srcObject = null;
    this.video.autoplay = false;
    const ready = new Promise((resolve, reject) => {
      this.video.addEventListener("loadeddata", resolve, { once: true });
      this.video.addEventListener("error", () => reject(new Error("no video")), { once: true });
    });
    this.video.src = address;
    try {
      await ready;
      if (this.address === address && !this.video.videoWidth) throw new Error("no picture in it");
    } catch (error) {
      // The video that came after it is no worse for this one's fault.
      if (this.address === address) throw error;
    }
    await readable;
    if (this.address === address) await this.video.play().catch(() => undefined);
  }

  async toggle(): Promise<void> {
    if (this.playing) this.video.pause();
    else await this.video.play().catch(() => undefined);
  }

  pause(): void {
    if (this.address) this.video.pause();
  }

  close(): void {
    if (!this.address) return;
    URL.revokeObjectURL(this.address);
    this.address = null;
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
  }

  add(moment: Moment, classes: readonly string[]): void {
    this.classes = classes;
    this.timeline.add(moment);
    this.draw();
  }

  private draw(): void {
    if (!this.address || !this.strip.isDue) return;
    const { classes } = this;
    const { currentTime, duration } = this.video;
    const end = Number.isFinite(duration) ? duration : currentTime;
    this.strip.draw(this.timeline.all, classes, 0, end, currentTime);
    const when = `${clockOf(currentTime)} / ${clockOf(end)}`;
    this.strip.describe(when, this.timeline.at(currentTime), classes);
    this.clock.textContent = when;
  }

  private seek(time: number): void {
    this.video.currentTime = time;
  }
}

/** Seconds as minutes and seconds: "1:05". */
function clockOf(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}
