/** The main screen: the picture, over its lower edge what its main face shows, and below it the shutter. */
import { Camera } from "../camera/camera";
import type { CameraState } from "../camera/camera";
import { h } from "../dom";
import { classesOf, nameOf } from "../engine/catalogue";
import type { Engine } from "../engine/client";
import type { FrameResult } from "../engine/protocol";
import { onFrames } from "../frames";
import type { ModelState, Models } from "../models";
import { openPicture } from "../pictures";
import { settings } from "../settings";
import { leaveShown, takeShared, takeShown } from "../sharing";
import { modelTitle, strings } from "../strings";
import { WakeLock } from "../wakelock";
import { actionsOf } from "./actions";
import type { Action } from "./actions";
import type { Capture } from "./capture";
import { Clip } from "./clip";
import { Dock } from "./dock";
import { Exports } from "./exports";
import { FaceRow } from "./faces";
import { SpeedFigures } from "./figures";
import type { Incoming } from "./incoming";
import { LiveLoop } from "./live";
import type { Figures } from "./live";
import { More } from "./more";
import { overCamera } from "./over";
import { Recent } from "./recent";
import { Recording } from "./recording";
import { ResultPanel, setText } from "./result";
import { Sheet } from "./sheet";
import { Stage } from "./stage";
import { shownIn } from "./shown";
import { first, needsCamera, next, released } from "./state";
import type { Happening, State } from "./state";
import { ModelStatus } from "./status";
import { StillReader } from "./stillreader";
import { drawStill, sayStill } from "./stillview";
import type { StillParts } from "./stillview";
import { toggle } from "./toggle";
import { SILENCE, VerdictLine } from "./verdict";
import type { Notice } from "./verdict";
import { WayBack } from "./wayback";
import { welcome } from "./welcome";

const words = strings.camera;
type S = State<ImageBitmap, Capture>;

/** A video's frame that stands still is read so often, each time a little later on its clock, in seconds. */
const READ_AGAIN = 12;
const AGAIN = 0.001;
/** The speed that live reading has shown is noted after this many frames with one face. */
const NOTED_AFTER = 60;

export class CameraScreen implements StillParts {
  readonly element: HTMLElement;
  private state: S = first();
  private readonly models: Models;
  readonly stage = new Stage();
  private readonly camera = new Camera(this.stage.video);
  private readonly live: LiveLoop;
  private readonly clip = new Clip(this.stage.video);
  readonly result = new ResultPanel();
  readonly faces = new FaceRow((id) => this.chooseFace(id));
  private readonly recent = new Recent(this.result);
  private readonly sheet: Sheet;
  private readonly dock = new Dock((action) => this.act(action));
  private readonly more: More;
  private readonly status: ModelStatus;
  private readonly wakeLock = new WakeLock();
  private readonly welcome: HTMLElement;
  private readonly work: HTMLElement;
  readonly verdict = new VerdictLine();
  private readonly figures = new SpeedFigures();
  private readonly modelButton = h("a", { class: "model-button", href: "#models" });
  private readonly incoming: Incoming;
  private readonly wayBack = new WayBack(() => {
    if (!this.element.hidden) this.happen({ kind: "home" });
  });
  private readonly exports = new Exports((text) => this.verdict.add(text));
  private readonly stills: StillReader;
  /** The last frames in a row that had one face. */
  private singles = 0;
  /** How often the frame of a video that stands still was read again. */
  private again = 0;

  constructor(engine: Engine, models: Models, incoming: Incoming) {
    this.incoming = incoming;
    this.models = models;
    this.stills = new StillReader(engine, models, {
      view: () => this.state.view,
      happen: (happening) => this.happen(happening),
      say: (text) => this.verdict.add(text),
    });
    this.live = new LiveLoop(engine, this.stage.video);
    this.live.onResult = (result, figures, time) => this.showLive(result, figures, time);
    this.live.onFault = (error) => this.happen({ kind: "live-failed", problem: error.fault });
    onFrames(this.stage.video, () => {
      if (this.reads) void this.live.frame();
    });
    this.welcome = welcome(
      () => this.openCamera(),
      () => this.incoming.ask(),
    );
    this.status = new ModelStatus(() => void this.models.ready());
    this.more = new More({ saveTable: () => void this.saveTable(), record: () => void this.record(), reload: () => void this.reload() });
    this.sheet = new Sheet([this.status.element, this.verdict.element, this.result.head, this.faces.element], [this.result.body, this.recent.element, this.modelButton]);
    this.work = h(
      "div",
      { class: "work" },
      h("div", { class: "deck" }, h("div", { class: "picture" }, this.stage.element, this.figures.element), this.sheet.element),
      h(
        "div",
        { class: "dock" },
        this.clip.element,
        h("div", { class: "switches" }, toggle("realTime", words.realTime, ""), toggle("heat", words.heat, "")),
        this.dock.element,
      ),
    );
    this.element = h("section", { class: "screen camera-screen" }, h("h1", { class: "unseen" }, words.heading), this.welcome, this.work, this.incoming.element, this.more.element);
    this.listen();
  }

  /** Back from another screen. */
  enter(): void {
    this.models.inUse = true;
    if (this.state.view.kind === "live") void this.camera.open();
    this.update();
    if (this.models.state.value.kind !== "none") void this.stills.followModel();
    void this.takeWaiting();
  }

  /** Another screen is shown: the camera is let go, a picture stays. */
  leave(): void {
    this.models.inUse = false;
    this.camera.close();
    this.clip.pause();
    this.live.stop();
    this.wakeLock.set(false);
  }

  private listen(): void {
    this.camera.state.watch(() => this.update());
    this.models.state.watch((state) => this.modelChanged(state));
    this.stage.onTap = (id) => this.chooseFace(id);
    this.clip.onChange = (what) => {
      if (what !== "stands") this.again = 0;
      if (what === "jumps") void this.live.forget();
      if (what === "stands") void this.readStanding();
      this.dock.setPlaying(this.clip.playing);
      this.wakeLock.set(this.clip.playing);
    };
    let { realTime } = settings.value;
    settings.watch((value) => {
      if (value.realTime !== realTime) {
        realTime = value.realTime;
        this.update();
      }
      if (this.state.view.kind === "still") drawStill(this, this.state.view.capture, this.state.chosen, this.classes);
    });
  }

  /** The next state, and everything in line with it. */
  private happen(happening: Happening<ImageBitmap, Capture>): void {
    const before = this.state;
    this.state = next(before, happening);
    if (this.state === before) return;
    for (const one of released(before.view, this.state.view)) one.close();
    this.live.chosen = this.state.chosen;
    if (before.view.kind === "clip" && this.state.view !== before.view) this.clip.close();
    if (this.state.view !== before.view) this.enterView(before);
    this.update();
  }

  /** What begins with a view, and ends with the one before. */
  private enterView(before: S): void {
    const { view } = this.state;
    if (view.kind !== before.view.kind) {
      this.sheet.set(false);
      scrollTo(0, 0);
    }
    if (needsCamera(this.state) && !needsCamera(before)) {
      this.recent.clear();
      this.live.clock = now;
      void this.camera.open();
    } else if (!needsCamera(this.state)) this.camera.close();
    if (view.kind === "clip") {
      this.live.clock = () => this.stage.video.currentTime + this.again * AGAIN;
      void this.clip.open(view.file, this.models.ready()).catch(() => this.stills.fail("broken"));
    }
    if (this.exports.records && !["live", "clip"].includes(view.kind)) void this.record();
  }

  /** Faces are read in turn: a video that stands still is read until each had its own. */
  private async readStanding(): Promise<void> {
    const { view } = this.state;
    const { currentTime } = this.stage.video;
    this.live.wake();
    for (let i = 0; i < READ_AGAIN; i++) {
      if (this.state.view !== view || this.clip.playing || this.stage.video.currentTime !== currentTime) return;
      this.again += 1;
      await this.live.frame();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  private act(action: Action): void {
    const { view } = this.state;
    if (action === "gallery") this.incoming.ask();
    if (action === "back") this.happen({ kind: "back" });
    if (action === "shutter") void this.take();
    if (action === "more") this.more.open(this.recent.timeline.all.length > 0 || view.kind === "clip", this.exports.records ? true : this.canRecord ? false : null);
    if (action === "play") void this.clip.toggle();
    if (action === "table") void this.saveTable();
    if (view.kind !== "still") return;
    if (action === "try") void this.stills.detect(view.capture);
    if (action === "save") void this.exports.picture(view.capture, this.classes);
    if (action === "share") void this.exports.share(view.capture, this.classes);
  }

  private openCamera(): void {
    // The model loads while the browser asks for the camera.
    void this.models.ready();
    this.happen({ kind: "camera-opened" });
  }

  private get classes(): readonly string[] {
    const { chosen } = this.models;
    return chosen ? classesOf(chosen) : [];
  }

  /** Whether the video's pictures are read. */
  private get reads(): boolean {
    const { view } = this.state;
    if (this.element.hidden || this.models.state.value.kind !== "ready") return false;
    if (view.kind === "clip") return true;
    return view.kind === "live" && settings.value.realTime && this.camera.state.value.kind === "on";
  }

  private get canRecord(): boolean {
    return this.reads && Recording.possible;
  }

  /** Brings everything in line with the state, the camera, the switches and the model. */
  private update(): void {
    const camera = this.camera.state.value;
    const { view } = this.state;
    const focused = this.element.contains(document.activeElement);
    const idle = view.kind === "welcome";
    if (!this.element.hidden) this.wayBack.keep(idle);
    this.welcome.hidden = !idle;
    this.work.hidden = idle;
    document.documentElement.classList.toggle("at-work", !idle && !this.element.hidden);
    this.work.dataset["view"] = view.kind;
    if (this.reads) this.live.start();
    else this.live.stop();
    this.wakeLock.set(view.kind === "clip" ? this.clip.playing : this.reads);
    this.result.setClasses(this.classes);
    this.figures.clear();
    this.clip.element.hidden = view.kind !== "clip";
    this.recent.element.hidden = view.kind !== "live" || !this.reads;
    this.showPicture(camera);
    this.showWords(camera);
    this.stage.over.replaceChildren(...this.over(camera));
    this.dock.show(actionsOf(this.state, camera.kind === "on", this.exports.canShare));
    // Who works by keyboard goes on beside where they were, and never at the page's beginning.
    if (focused && !isVisible(document.activeElement)) {
      if (idle) this.welcome.querySelector("button")!.focus();
      else this.dock.focus();
    }
  }

  private showPicture(camera: CameraState): void {
    const { view } = this.state;
    const picture = view.kind === "checking" || view.kind === "waiting" ? view.picture : null;
    this.stage.describe(words.picture);
    if (view.kind === "still") {
      this.stage.showStill(view.capture.picture);
      drawStill(this, view.capture, this.state.chosen, this.classes);
      return;
    }
    if (view.kind === "clip") this.stage.showVideo(false);
    else if (picture) this.stage.showStill(picture);
    else if (view.kind === "live" && camera.kind === "on") this.stage.showVideo(camera.mirrored !== settings.value.mirror);
    else this.stage.showNothing();
    if (!this.reads) {
      this.stage.clear();
      this.faces.show([], this.classes, null, null);
    }
  }

  private showWords(camera: CameraState): void {
    const { view } = this.state;
    if (view.kind === "still") return sayStill(this, view.capture, this.state.chosen, this.classes, this.models.gate !== null);
    this.verdict.say(this.notice());
    const off = view.kind === "live" && camera.kind === "on" && !settings.value.realTime;
    this.result.empty(off ? words.off : "", off ? words.offHint : "", !this.reads);
  }

  /** What is going on or went wrong, where no picture's result is shown. */
  private notice(): Notice {
    const { view } = this.state;
    if (view.kind === "checking") return { ...SILENCE, title: strings.capture.checking };
    if (view.kind === "waiting") return { ...SILENCE, title: strings.capture.waiting };
    if (view.kind !== "notice") return SILENCE;
    return { kind: "refused", title: view.problem === "broken" ? strings.capture.broken : strings.faults[view.problem], hint: "" };
  }

  private over(camera: CameraState): HTMLElement[] {
    if (this.state.view.kind !== "live") return [];
    return overCamera(camera, {
      close: () => this.happen({ kind: "camera-closed" }),
      open: () => void this.camera.open(),
      flip: () => void this.camera.flip(),
      torch: (on) => void this.camera.setTorch(on),
      zoom: (value) => void this.camera.setZoom(value),
      stopRecording: this.exports.records ? () => void this.record() : null,
    });
  }

  private async take(): Promise<void> {
    const { video } = this.stage;
    if (video.videoWidth) await this.stills.inspect(createImageBitmap(video));
  }

  /** A file is shown whenever it comes: while another screen is there, too, or a dialog. */
  openFile(file: Blob, keep = true): void {
    if (this.element.hidden) location.hash = "camera";
    for (const dialog of document.querySelectorAll("dialog")) dialog.close();
    if (!file.type.startsWith("video/")) return void this.stills.inspect(openPicture(file), keep);
    this.happen({ kind: "clip-chosen", file });
  }

  /** Loads the page again, which goes on with what it shows. */
  async reload(): Promise<void> {
    await this.exports.endRecording();
    const shown = await shownIn(this.state.view).catch(() => null);
    // A full disk must not keep the page from being loaded.
    if (shown) await leaveShown(shown).catch(() => undefined);
    location.reload();
  }

  /** Files from outside of the page, and what it showed before it was loaded again. */
  private async takeWaiting(): Promise<void> {
    const shown = await takeShown();
    if (shown === "camera") this.openCamera();
    else if (shown) this.openFile(shown.file, !shown.read);
    const shared = await takeShared();
    if (shared === "lost") this.stills.fail("broken");
    else if (shared) this.openFile(shared);
  }

  private async saveTable(): Promise<void> {
    await this.exports.table(this.state.view.kind === "clip" ? this.clip.timeline : this.recent.timeline, this.classes);
  }

  /** Starts a recording of what is read, or ends it. */
  private async record(): Promise<void> {
    const ended = this.exports.records ? this.exports.endRecording() : this.exports.startRecording(this.stage.video);
    this.update();
    await ended;
  }

  /** The face that is tapped is read; tapped again, it is left to the app to choose. */
  private chooseFace(id: number | null): void {
    const { view, chosen } = this.state;
    if (view.kind !== "still" && !this.reads) return;
    this.happen({ kind: "face-chosen", id: id === chosen ? null : id });
    if (view.kind === "still") drawStill(this, view.capture, this.state.chosen, this.classes);
    else if (!this.stage.video.paused) return;
    else void this.live.frame();
  }

  private showLive(result: FrameResult, figures: Figures, time: number): void {
    const clip = this.state.view.kind === "clip";
    if (!this.reads) return;
    this.stage.draw(result.faces, this.classes, result.width, result.main?.id ?? null);
    this.faces.show(result.faces, this.classes, result.main?.id ?? null, this.state.chosen);
    this.exports.record(this.stage.video, result.faces, this.classes, result.width);
    const { main, others, faces } = result;
    const moment = { time, face: main, faces };
    if (clip) this.clip.add(moment, this.classes);
    else this.recent.add(moment, this.classes);
    if (clip || this.recent.isNow) {
      if (main) this.result.show({ ...main, others, mark: "" }, this.classes);
      else this.result.empty(words.noFace, words.noFaceHint);
    }
    this.figures.show(figures);
    this.more.showTimes(figures);
    this.singles = result.faces.length === 1 ? this.singles + 1 : 0;
    if (this.singles === NOTED_AFTER && this.models.chosen) this.models.note(this.models.chosen, figures.steps.read);
  }

  private modelChanged(state: ModelState): void {
    const { chosen } = this.models;
    const title = chosen ? modelTitle(nameOf(chosen)) : strings.tabs.models;
    setText(this.modelButton, title);
    this.modelButton.setAttribute("aria-label", strings.models.change(title));
    const before = this.status.phase;
    this.status.show(state);
    // A download tells of itself many times; only its beginning and its end change what can be done.
    if (this.status.phase === before) return;
    this.update();
    const { view } = this.state;
    if (state.kind === "ready" && view.kind === "clip") void this.live.frame();
    if (state.kind === "ready" && view.kind === "waiting") void this.stills.inspectWaiting(view.picture);
  }
}

function isVisible(element: Element | null): boolean {
  return element !== null && element !== document.body && element.getClientRects().length > 0 && !(element as HTMLButtonElement).disabled;
}

function now(): number {
  return performance.now() / 1000;
}
