/** The main screen: the picture, over its lower edge what its main face shows, and below it the shutter. */
import { Camera } from "../camera/camera";
import type { CameraState } from "../camera/camera";
import { h } from "../dom";
import type { DrawnFace } from "../drawing";
import { classesOf, nameOf } from "../engine/catalogue";
import type { ModelEntry } from "../engine/catalogue";
import type { Engine } from "../engine/client";
import { FaultError } from "../engine/fault";
import type { Fault, FrameResult } from "../engine/protocol";
import { onFrames } from "../frames";
import { addEntry } from "../history";
import type { ModelState, Models } from "../models";
import { fileOf, openPicture } from "../pictures";
import { saveFile } from "../saving";
import { settings } from "../settings";
import { leaveShown, takeShared, takeShown } from "../sharing";
import type { Shown } from "../sharing";
import { adjective, decimal, modelTitle, percent, strings } from "../strings";
import { WakeLock } from "../wakelock";
import { actionsOf } from "./actions";
import type { Action } from "./actions";
import { Capture } from "./capture";
import { Clip } from "./clip";
import { Dock } from "./dock";
import { FaceRow } from "./faces";
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
import { first, needsCamera, next, released } from "./state";
import type { Happening, State } from "./state";
import { ModelStatus } from "./status";
import { toggle } from "./toggle";
import { SILENCE, VerdictLine, noticeOf } from "./verdict";
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

export class CameraScreen {
  readonly element: HTMLElement;
  private state: S = first();
  private readonly engine: Engine;
  private readonly models: Models;
  private readonly stage = new Stage();
  private readonly camera = new Camera(this.stage.video);
  private readonly live: LiveLoop;
  private readonly clip = new Clip(this.stage.video);
  private readonly result = new ResultPanel();
  private readonly faces = new FaceRow((id) => this.chooseFace(id));
  private readonly recent = new Recent(this.result);
  private readonly sheet: Sheet;
  private readonly dock = new Dock((action) => this.act(action));
  private readonly more: More;
  private readonly status: ModelStatus;
  private readonly wakeLock = new WakeLock();
  private readonly welcome: HTMLElement;
  private readonly work: HTMLElement;
  private readonly verdict = new VerdictLine();
  private readonly figures = h("p", { class: "figures" });
  private readonly modelButton = h("a", { class: "model-button", href: "#models" });
  private readonly incoming: Incoming;
  private readonly wayBack = new WayBack(() => {
    if (!this.element.hidden) this.happen({ kind: "home" });
  });
  /** The job of the picture that came last. */
  private job = 0;
  private readBy: ModelEntry | null = null;
  private recording: Recording | null = null;
  private singles = 0;
  /** How often the frame of a video that stands still was read again. */
  private again = 0;

  constructor(engine: Engine, models: Models, incoming: Incoming) {
    this.incoming = incoming;
    this.engine = engine;
    this.models = models;
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
      h("div", { class: "deck" }, h("div", { class: "picture" }, this.stage.element, this.figures), this.sheet.element),
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
    if (this.models.state.value.kind !== "none") void this.followModel();
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
      this.figures.hidden = !value.figures;
      if (this.state.view.kind === "still") this.drawStill(this.state.view.capture);
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
      void this.clip.open(view.file, this.models.ready()).catch(() => this.fail(++this.job, "broken"));
    }
    if (this.recording && !["live", "clip"].includes(view.kind)) void this.record();
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

  private fail(job: number, problem: "broken" | Fault): void {
    this.happen({ kind: "picture-coming", job });
    this.happen({ kind: "failed", job, problem });
  }

  private act(action: Action): void {
    const { view } = this.state;
    if (action === "gallery") this.incoming.ask();
    if (action === "back") this.happen({ kind: "back" });
    if (action === "shutter") void this.take();
    if (action === "more") this.more.open(this.recent.timeline.all.length > 0 || view.kind === "clip", this.recording ? true : this.canRecord ? false : null);
    if (action === "play") void this.clip.toggle();
    if (action === "table") void this.saveTable();
    if (view.kind !== "still") return;
    if (action === "try") void this.detect(view.capture, true);
    if (action === "save") void this.save(view.capture);
    if (action === "share") void this.share(view.capture);
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
    setText(this.figures, "");
    this.clip.element.hidden = view.kind !== "clip";
    this.recent.element.hidden = view.kind !== "live" || !this.reads;
    this.showPicture(camera);
    this.showWords(camera);
    this.stage.over.replaceChildren(...this.over(camera));
    this.dock.show(actionsOf(this.state, camera.kind === "on", canShare()));
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
      this.drawStill(view.capture);
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
    if (view.kind === "still") return this.showCapture(view.capture);
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
      stopRecording: this.recording && (() => void this.record()),
    });
  }

  private async take(): Promise<void> {
    const { video } = this.stage;
    if (video.videoWidth) await this.inspect(createImageBitmap(video));
  }

  /** A file is shown whenever it comes: while another screen is there, too, or a dialog. */
  openFile(file: Blob, keep = true): void {
    if (this.element.hidden) location.hash = "camera";
    for (const dialog of document.querySelectorAll("dialog")) dialog.close();
    if (!file.type.startsWith("video/")) return void this.inspect(openPicture(file), keep);
    this.happen({ kind: "clip-chosen", file });
  }

  /** Loads the page again, which goes on with what it shows. */
  async reload(): Promise<void> {
    if (this.recording) await this.record();
    const shown = await this.shown().catch(() => null);
    // A full disk must not keep the page from being loaded.
    if (shown) await leaveShown(shown).catch(() => undefined);
    location.reload();
  }

  private async shown(): Promise<Shown | "camera" | null> {
    const { view } = this.state;
    if (view.kind === "live") return "camera";
    if (view.kind === "clip") return { file: view.file, read: false };
    const picture = view.kind === "still" ? view.capture.picture : view.kind === "checking" || view.kind === "waiting" ? view.picture : null;
    return picture && { file: await fileOf(picture), read: view.kind === "still" && view.read };
  }

  /** Files from outside of the page, and what it showed before it was loaded again. */
  private async takeWaiting(): Promise<void> {
    const shown = await takeShown();
    if (shown === "camera") this.openCamera();
    else if (shown) this.openFile(shown.file, !shown.read);
    const shared = await takeShared();
    if (shared === "lost") this.fail(++this.job, "broken");
    else if (shared) this.openFile(shared);
  }

  /** Checks a picture in place of whatever is shown, and reads it where it passes; one that comes in the meantime goes before it. */
  private async inspect(coming: Promise<ImageBitmap>, keep = true): Promise<void> {
    const job = ++this.job;
    this.happen({ kind: "picture-coming", job });
    const picture = await coming.catch(() => null);
    if (job !== this.job || this.state.view.kind !== "checking") return picture?.close();
    if (!picture) return this.happen({ kind: "failed", job, problem: "broken" });
    this.happen({ kind: "picture-opened", job, picture });
    if (!(await this.models.ready())) return this.happen({ kind: "no-model", job });
    try {
      const capture = await Capture.inspect(this.engine, picture);
      this.happen({ kind: "found", job, capture });
      if (capture.check === "accepted") await this.detect(capture, keep);
    } catch (error) {
      this.happen({ kind: "failed", job, problem: faultOf(error) });
    }
  }

  /** A picture that waited for a model is checked now. */
  private async inspectWaiting(picture: ImageBitmap): Promise<void> {
    await this.inspect(createImageBitmap(picture));
  }

  private showCapture(capture: Capture): void {
    const { chosen } = this.state;
    const main = capture.face(chosen);
    const accepted = capture.check === "accepted";
    this.verdict.say(noticeOf(capture, this.models.gate !== null));
    // What the check said stands above the result already.
    const verdict = accepted && capture.faces.length === 1 ? "none" : main.verdict;
    const mark = accepted ? "" : strings.capture.refusedMark;
    if (main.reading) {
      const { reading, place } = main;
      this.result.show({ reading, place, verdict, others: capture.faces.length - 1, mark }, this.classes);
      this.stage.describe(strings.capture.described(capture.faces.map((face) => this.described(face)).join("; ")));
    } else {
      this.result.empty("", "", true);
      this.stage.describe(strings.capture.picture);
    }
  }

  private described({ reading, place }: DrawnFace): string {
    if (place === null) return strings.result.unclear;
    return strings.result.announce(adjective(this.classes[place]!), percent(reading!.probabilities[place]!));
  }

  private drawStill(capture: Capture): void {
    const { chosen } = this.state;
    const faces = capture.drawn(settings.value.heat);
    this.stage.draw(faces, this.classes, capture.inspected.width, capture.face(chosen).id);
    this.faces.show(faces, this.classes, capture.face(chosen).id, chosen);
  }

  private async detect(capture: Capture, keep: boolean): Promise<void> {
    if ((await this.read(capture)) && keep && settings.value.history) await this.keep(capture);
  }

  /** Whether the capture was read, and is still the one that is shown. */
  private async read(capture: Capture): Promise<boolean> {
    const { view } = this.state;
    if (view.kind !== "still" || view.capture !== capture || view.reading) return false;
    this.readBy = this.models.chosen;
    this.happen({ kind: "reading", capture });
    try {
      await capture.read(this.engine);
      this.happen({ kind: "was-read", capture });
    } catch (error) {
      this.happen({ kind: "not-read", capture, problem: faultOf(error) });
    }
    return this.state.view.kind === "still" && this.state.view.capture === capture;
  }

  /** A model that could not be had may be there now; where another one has been chosen, that one reads the picture. */
  private async followModel(): Promise<void> {
    const ready = await this.models.ready();
    const { view } = this.state;
    if (ready && view.kind === "still" && view.read && this.readBy !== this.models.chosen) await this.read(view.capture);
  }

  private async keep(capture: Capture): Promise<void> {
    const main = capture.face(null);
    const picture = await capture.annotated(this.classes, settings.value.heat);
    const expression = main.place === null ? null : this.classes[main.place]!;
    const share = main.place === null ? 0 : main.reading!.probabilities[main.place]!;
    const kept = await addEntry({ time: Date.now(), picture, expression, share, refused: capture.check !== "accepted" }).then(
      () => strings.capture.kept,
      () => strings.history.unavailable,
    );
    this.verdict.add(kept);
  }

  private async save(capture: Capture): Promise<void> {
    await this.hand(capture.annotated(this.classes, settings.value.heat), "mien.jpg");
  }

  private async share(capture: Capture): Promise<void> {
    const picture = await capture.annotated(this.classes, settings.value.heat);
    // Who closes the sharing sheet has changed their mind, and needs no message.
    await navigator.share({ files: [new File([picture], "mien.jpg", { type: picture.type })] }).catch(() => undefined);
  }

  private async saveTable(): Promise<void> {
    const timeline = this.state.view.kind === "clip" ? this.clip.timeline : this.recent.timeline;
    await this.hand(Promise.resolve(new Blob([timeline.table(this.classes)], { type: "text/csv" })), "mien.csv");
  }

  /** Saves a file, and says so where it cannot be. */
  private async hand(file: Promise<Blob>, name: string): Promise<void> {
    const saved = await file.then((content) => saveFile(content, name)).catch(() => false);
    if (!saved) this.verdict.add(strings.capture.notSaved);
  }

  /** Starts a recording of what is read, or ends it. */
  private async record(): Promise<void> {
    const { recording } = this;
    const { videoWidth, videoHeight } = this.stage.video;
    this.recording = recording || !videoWidth ? null : new Recording(videoWidth, videoHeight);
    this.update();
    if (!recording) return;
    const { file, ending } = await recording.end();
    await this.hand(Promise.resolve(file), `mien.${ending}`);
  }

  /** The face that is tapped is read; tapped again, it is left to the app to choose. */
  private chooseFace(id: number | null): void {
    const { view, chosen } = this.state;
    if (view.kind !== "still" && !this.reads) return;
    this.happen({ kind: "face-chosen", id: id === chosen ? null : id });
    if (view.kind === "still") this.drawStill(view.capture);
    else if (!this.stage.video.paused) return;
    else void this.live.frame();
  }

  private showLive(result: FrameResult, figures: Figures, time: number): void {
    const clip = this.state.view.kind === "clip";
    if (!this.reads) return;
    this.stage.draw(result.faces, this.classes, result.width, result.main?.id ?? null);
    this.faces.show(result.faces, this.classes, result.main?.id ?? null, this.state.chosen);
    this.recording?.add(this.stage.video, result.faces, this.classes, result.width);
    const { main, others, faces } = result;
    const moment = { time, face: main, faces };
    if (clip) this.clip.add(moment, this.classes);
    else this.recent.add(moment, this.classes);
    if (clip || this.recent.isNow) {
      if (main) this.result.show({ ...main, others, mark: "" }, this.classes);
      else this.result.empty(words.noFace, words.noFaceHint);
    }
    if (settings.value.figures) this.showFigures(figures);
    this.more.showTimes(figures);
    this.singles = result.faces.length === 1 ? this.singles + 1 : 0;
    if (this.singles === NOTED_AFTER && this.models.chosen) this.models.note(this.models.chosen, figures.steps.read);
  }

  private showFigures({ rate, steps, resting }: Figures): void {
    const { grab, find, crop, read } = words;
    const times = [`${grab} ${decimal(steps.grab, 1)}`, `${find} ${decimal(steps.detect, 1)}`, `${crop} ${decimal(steps.crop, 1)}`, words.time(`${read} ${decimal(steps.read, 1)}`)];
    setText(this.figures, [words.rate(decimal(rate, 0)), ...times, ...(resting ? [words.resting] : [])].join(" · "));
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
    if (state.kind === "ready" && view.kind === "waiting") void this.inspectWaiting(view.picture);
  }
}

function canShare(): boolean {
  return navigator.canShare?.({ files: [new File([], "mien.jpg", { type: "image/jpeg" })] }) ?? false;
}

function faultOf(error: unknown): Fault {
  return error instanceof FaultError ? error.fault : "engine";
}

function isVisible(element: Element | null): boolean {
  return element !== null && element !== document.body && element.getClientRects().length > 0 && !(element as HTMLButtonElement).disabled;
}

function now(): number {
  return performance.now() / 1000;
}
