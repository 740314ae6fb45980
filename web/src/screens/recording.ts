/** A video of what is read: the picture with its faces drawn in. */
import { drawFaces } from "../drawing";
import type { DrawnFace } from "../drawing";

const KINDS = ["video/mp4;codecs=avc1", "video/webm;codecs=vp9", "video/webm"];
/** The longer side, in pixels. */
const SIDE = 1280;

export class Recording {
  private readonly canvas = document.createElement("canvas");
  private readonly recorder: MediaRecorder;
  private readonly parts: Blob[] = [];

  /** Whether the browser can record. */
  static get possible(): boolean {
    return typeof MediaRecorder !== "undefined" && KINDS.some((kind) => MediaRecorder.isTypeSupported(kind));
  }

  constructor(width: number, height: number) {
    const scale = Math.min(1, SIDE / Math.max(width, height));
    // Video codecs take even numbers alone.
    this.canvas.width = 2 * Math.round((width * scale) / 2);
    this.canvas.height = 2 * Math.round((height * scale) / 2);
    const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind))!;
    this.recorder = new MediaRecorder(this.canvas.captureStream(), { mimeType });
    this.recorder.addEventListener("dataavailable", (event) => this.parts.push(event.data));
    this.recorder.start(1000);
  }

  /** Adds the video's present picture, with faces given in pixels of a picture `width` wide. */
  add(video: HTMLVideoElement, faces: readonly DrawnFace[], classes: readonly string[], width: number): void {
    const { canvas } = this;
    const context = canvas.getContext("2d")!;
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const unit = Math.max(canvas.width, canvas.height) / 700;
    drawFaces(context, faces, classes, { scale: canvas.width / width, mirrored: false, width: canvas.width, height: canvas.height, unit });
  }

  /** Ends it; the file, and the ending of its name. */
  async end(): Promise<{ readonly file: Blob; readonly ending: string }> {
    const ended = new Promise((resolve) => this.recorder.addEventListener("stop", resolve, { once: true }));
    this.recorder.stop();
    await ended;
    const type = this.recorder.mimeType.split(";")[0]!;
    return { file: new Blob(this.parts, { type }), ending: type === "video/mp4" ? "mp4" : "webm" };
  }
}
