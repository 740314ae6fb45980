/** What leaves the app as a file: a picture, a table, a recording; with a word where it cannot be saved. */
import type { DrawnFace } from "../drawing";
import { saveFile } from "../saving";
import { settings } from "../settings";
import { strings } from "../strings";
import type { Timeline } from "../timeline";
import type { Capture } from "./capture";
import { Recording } from "./recording";

type Classes = readonly string[];

export class Exports {
  private readonly say: (text: string) => void;
  private recording: Recording | null = null;

  /** say: shows a word after the result. */
  constructor(say: (text: string) => void) {
    this.say = say;
  }

  async picture(capture: Capture, classes: Classes): Promise<void> {
    await this.hand(capture.annotated(classes, settings.value.heat), "mien.jpg");
  }

  async table(timeline: Timeline, classes: Classes): Promise<void> {
    await this.hand(Promise.resolve(new Blob([timeline.table(classes)], { type: "text/csv" })), "mien.csv");
  }

  /** Whether pictures can be handed to other apps. */
  get canShare(): boolean {
    return navigator.canShare?.({ files: [new File([], "mien.jpg", { type: "image/jpeg" })] }) ?? false;
  }

  async share(capture: Capture, classes: Classes): Promise<void> {
    const picture = await capture.annotated(classes, settings.value.heat);
    // Who closes the sharing sheet has changed their mind, and needs no message.
    await navigator.share({ files: [new File([picture], "mien.jpg", { type: picture.type })] }).catch(() => undefined);
  }

  get records(): boolean {
    return this.recording !== null;
  }

  /** Starts a recording of what is read in a video, where it shows a picture. */
  startRecording({ videoWidth, videoHeight }: HTMLVideoElement): void {
    if (!this.recording && videoWidth) this.recording = new Recording(videoWidth, videoHeight);
  }

  /** Adds what was read in the video's present picture, of which faces are given in pixels at some width. */
  record(video: HTMLVideoElement, faces: readonly DrawnFace[], classes: Classes, width: number): void {
    this.recording?.add(video, faces, classes, width);
  }

  /** Ends the recording, where there is one, and saves it. */
  async endRecording(): Promise<void> {
    const { recording } = this;
    this.recording = null;
    if (!recording) return;
    const { file, ending } = await recording.end();
    await this.hand(Promise.resolve(file), `mien.${ending}`);
  }

  /** Saves a file, and says so where it cannot be. */
  private async hand(file: Promise<Blob>, name: string): Promise<void> {
    const saved = await file.then((content) => saveFile(content, name)).catch(() => false);
    if (!saved) this.say(strings.capture.notSaved);
  }
}
