/** The main screen: the picture, over its lower edge what its main face shows, and below it the shutter. */
import { Camera } from "../camera/camera";
import type { CameraState } from "../camera/camera";
import { h, iconButton } from "../dom";
import type { DrawnFace } from "../drawing";
import { classesOf, nameOf } from "../engine/catalogue";
import type { ModelEntry } from "../engine/catalogue";
import type { Engine } from "../engine/client";
import { FaultError } from "../engine/fault";
import type { Fault, FrameResult } from "../engine/protocol";
import { onFrames } from "../frames";
import { addEntry } from "../history";
import type { ModelState, Models } from "../models";
import { openPicture } from "../pictures";
import { saveFile } from "../saving";
import { settings } from "../settings";
import { takeShared } from "../sharing";
import { adjective, decimal, modelTitle, percent, strings } from "../strings";
import { Timeline } from "../timeline";
import { WakeLock } from "../wakelock";
import { Capture } from "./capture";
import { Clip } from "./clip";
import { Dock } from "./dock";
import type { Action } from "./dock";
import { FaceRow } from "./faces";
import { LiveLoop } from "./live";
import type { Figures } from "./live";
import { More } from "./more";
import { Recording } from "./recording";
import { ResultPanel, setText } from "./result";
import { Sheet } from "./sheet";
import { Stage } from "./stage";
import { first, needsCamera, next, released } from "./state";
import type { Happening, State } from "./state";
import { ModelStatus } from "./status";
import { Strip } from "./strip";
import { toggle } from "./toggle";
import { welcome } from "./welcome";

const words = strings.camera;
type S = State<ImageBitmap, Capture>;

/** The strip's length, and how much of a live reading is kept for a table, in seconds. */
const STRIP = 30;
const KEPT = 600;
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
  private readonly strip = new Strip(words.strip, (time) => this.showMoment(time));
  private readonly sheet: Sheet;
  private readonly dock = new Dock((action) => this.act(action));
  private readonly more: More;
  private readonly status: ModelStatus;
  private readonly wakeLock = new WakeLock();
  private readonly timeline = new Timeline(KEPT);
  private readonly welcome: HTMLElement;
  private readonly work: HTMLElement;
  private readonly verdict = h("div", { class: "verdict", role: "status" });
  private readonly figures = h("p", { class: "figures" });
  private readonly modelButton = h("a", { class: "model-button", href: "#models" });
  private readonly toNow = h("button", { type: "button", class: "to-now", hidden: true, onclick: () => this.showMoment(null) }, words.now);
  private readonly file: HTMLInputElement;
  /** The job of the picture that came last. */
  private job = 0;
  private readBy: ModelEntry | null = null;
  /** The moment of the strip that is looked at; null for now. */
  private moment: number | null = null;
  private recording: Recording | null = null;
  private singles = 0;
  /** Whether this page made the browser's "back" lead from the picture to the first screen. */
  private wayBack = false;

  constructor(engine: Engine, models: Models) {
    this.engine = engine;
    this.models = models;
    this.live = new LiveLoop(engine, this.stage.video);
    this.live.onResult = (result, figures, time) => this.showLive(result, figures, time);
    this.live.onFault = (error) => this.happen({ kind: "live-failed", problem: error.fault });
    onFrames(this.stage.video, () => {
      if (this.reads) void this.live.frame();
    });
    this.file = h("input", {
      type: "file",
      accept: "image/*,video/*",
      hidden: true,
      "aria-label": strings.welcome.choose,
      onchange: () => this.fileChosen(),
    });
    this.welcome = welcome(
      () => this.openCamera(),
      () => this.file.click(),
    );
    this.status = new ModelStatus(() => void this.models.ready());
    this.more = new More({ saveTable: () => void this.saveTable(), record: () => void this.record() });
    this.sheet = new Sheet([this.verdict, this.result.head, this.faces.element], [this.status.element, this.result.body, this.strip.element, this.toNow, this.modelButton]);
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
    this.element = h("section", { class: "screen camera-screen" }, h("h1", { class: "unseen" }, words.heading), this.welcome, this.work, this.file, this.more.element);
    this.listen();
  }

  /** Back from another screen. */
  enter(): void {
    this.models.inUse = true;
    if (this.state.view.kind === "live") void this.camera.open();
    this.update();
    if (this.models.state.value.kind !== "none") void this.followModel();
    void takeShared().then((file) => file && this.openFile(file));
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
    this.clip.onChange = (jumped) => {
      if (jumped) void this.live.forget();
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
    document.addEventListener("paste", (event) => this.received(event.clipboardData));
    window.addEventListener("popstate", (event) => {
      if (this.element.hidden || !["", "#camera"].includes(location.hash) || isPicture(event.state)) return;
      this.wayBack = false;
      this.happen({ kind: "home" });
    });
    // A browser shows what is dropped on a page in the page's place, unless the page takes it.
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      this.received(event.dataTransfer);
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
      this.moment = null;
      scrollTo(0, 0);
    }
    if (needsCamera(this.state) && !needsCamera(before)) {
      this.timeline.clear();
      this.live.clock = now;
      void this.camera.open();
    } else if (!needsCamera(this.state)) this.camera.close();
    if (view.kind === "clip") {
      this.live.clock = () => this.stage.video.currentTime;
      void this.clip.open(view.file, this.models.ready()).catch(() => this.fail(++this.job, "broken"));
    }
    if (this.recording && !["live", "clip"].includes(view.kind)) void this.record();
  }

  private fail(job: number, problem: "broken" | Fault): void {
    this.happen({ kind: "picture-coming", job });
    this.happen({ kind: "failed", job, problem });
  }

  private act(action: Action): void {
    const { view } = this.state;
    if (action === "gallery") this.file.click();
    if (action === "back") this.happen({ kind: "back" });
    if (action === "shutter") void this.take();
    if (action === "more") this.more.open(this.timeline.all.length > 0 || view.kind === "clip", this.canRecord ? this.recording !== null : null);
    if (action === "play") void this.clip.toggle();
    if (action === "table") void this.saveTable();
    if (view.kind !== "still") return;
    if (action === "try") void this.detect(view.capture);
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
    if (!this.element.hidden) this.keepWayBack(idle);
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
    this.strip.element.hidden = view.kind !== "live" || !this.reads;
    this.toNow.hidden = this.moment === null;
    this.showPicture(camera);
    this.showWords(camera);
    this.stage.over.replaceChildren(...this.overStage(camera));
    this.dock.show(...this.actions(camera));
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
    this.say("", "", "");
    if (view.kind === "still") return this.showCapture(view.capture);
    if (view.kind === "checking") this.say("", strings.capture.checking, "");
    if (view.kind === "waiting") this.say("", strings.capture.waiting, "");
    if (view.kind === "notice") this.say("refused", view.problem === "broken" ? strings.capture.broken : strings.faults[view.problem], "");
    const off = view.kind === "live" && camera.kind === "on" && !settings.value.realTime;
    this.result.empty(off ? words.off : "", off ? words.offHint : "", !this.reads);
  }

  /** A picture is a step further than the first screen, for the browser's "back" and a phone's. */
  private keepWayBack(idle: boolean): void {
    const further = isPicture(history.state);
    if (!idle && !further) {
      history.pushState({ picture: true }, "");
      this.wayBack = true;
    } else if (idle && this.wayBack) {
      this.wayBack = false;
      if (further) history.back();
    }
  }

  private overStage(state: CameraState): HTMLElement[] {
    if (this.state.view.kind !== "live") return [];
    if (state.kind === "on") return [this.tools(state)];
    if (state.kind === "asking") return [message(words.asking, words.askingHint)];
    if (state.kind === "paused") return [message(words.paused, "")];
    if (state.kind === "fault") {
      const { title, text } = strings.cameraFaults[state.fault];
      const retry = h("button", { type: "button", class: "primary", onclick: () => void this.camera.open() }, words.retry);
      return [message(title, text, retry)];
    }
    return [];
  }

  private tools({ torch, several, zoom }: Extract<CameraState, { kind: "on" }>): HTMLElement {
    const tools = h("div", { class: "tools" }, iconButton("close", words.stop, () => this.happen({ kind: "camera-closed" })));
    if (torch !== null) tools.append(iconButton("torch", torch ? words.torchOff : words.torchOn, () => void this.camera.setTorch(!torch)));
    if (several) tools.append(iconButton("flip", words.flip, () => void this.camera.flip()));
    if (this.recording) tools.append(iconButton("stop", strings.more.stopRecording, () => void this.record()));
    if (!zoom) return tools;
    const { min, max, step, value } = zoom;
    const slider = h("input", {
      type: "range",
      class: "zoom",
      min: String(min),
      max: String(max),
      step: String(step),
      value: String(value),
      "aria-label": words.zoom,
      oninput: () => void this.camera.setZoom(Number(slider.value)),
    });
    return h("div", {}, tools, slider);
  }

  /** What can be done, and what of it not yet. */
  private actions(camera: CameraState): [Action[], Action[]] {
    const { view } = this.state;
    if (view.kind === "live") return [["gallery", "shutter", "more"], camera.kind === "on" ? [] : ["shutter"]];
    if (view.kind === "clip") return [["back", "play", "table", "more"], []];
    if (view.kind !== "still") return [["back", "gallery"], []];
    if (view.reading) return [["back", "save"], ["save"]];
    if (!view.read) return view.capture.check === "accepted" ? [["back", "save"], ["save"]] : [["back", "try", "gallery"], []];
    return [["back", "save", ...(canShare() ? (["share"] as const) : []), "gallery", "more"], []];
  }

  private async take(): Promise<void> {
    const { video } = this.stage;
    if (video.videoWidth) await this.inspect(createImageBitmap(video));
  }

  private fileChosen(): void {
    const [file] = this.file.files ?? [];
    this.file.value = "";
    if (file) this.openFile(file);
  }

  private received(data: DataTransfer | null): void {
    const [file] = data?.files ?? [];
    if (file && !this.element.hidden) this.openFile(file);
  }

  private openFile(file: Blob): void {
    if (!file.type.startsWith("video/")) return void this.inspect(openPicture(file));
    this.happen({ kind: "clip-chosen", file });
  }

  /** Checks a picture in place of whatever is shown, and reads it where it passes; one that comes in the meantime goes before it. */
  private async inspect(coming: Promise<ImageBitmap>): Promise<void> {
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
      if (capture.check === "accepted") await this.detect(capture);
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
    this.checked(capture);
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

  private checked(capture: Capture): void {
    const { accepted, refusedNoFace, refusedNoFaceHint, refusedStrange, refusedStrangeHint, noGate, someStrange } = strings.capture;
    if (capture.check === "no-face") return this.say("refused", refusedNoFace, refusedNoFaceHint);
    if (capture.check === "strange") return this.say("refused", refusedStrange, refusedStrangeHint);
    const several = capture.faces.length > 1;
    // With several faces the word on the one that is read stands below.
    const known = capture.faces.some((face) => face.verdict === "strange") ? someStrange : several ? "" : strings.verdict.known;
    this.say("accepted", accepted(capture.faces.length), this.models.gate ? known : noGate);
  }

  private async detect(capture: Capture): Promise<void> {
    if ((await this.read(capture)) && settings.value.history) await this.keep(capture);
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
    this.verdict.append(h("small", {}, kept));
  }

  private async save(capture: Capture): Promise<void> {
    await this.hand(await capture.annotated(this.classes, settings.value.heat), "mien.jpg");
  }

  private async share(capture: Capture): Promise<void> {
    const picture = await capture.annotated(this.classes, settings.value.heat);
    // Who closes the sharing sheet has changed their mind, and needs no message.
    await navigator.share({ files: [new File([picture], "mien.jpg", { type: picture.type })] }).catch(() => undefined);
  }

  private async saveTable(): Promise<void> {
    const timeline = this.state.view.kind === "clip" ? this.clip.timeline : this.timeline;
    await this.hand(new Blob([timeline.table(this.classes)], { type: "text/csv" }), "mien.csv");
  }

  /** Saves a file, and says so where it cannot be. */
  private async hand(file: Blob, name: string): Promise<void> {
    if (!(await saveFile(file, name).catch(() => false))) this.verdict.append(h("small", {}, strings.capture.notSaved));
  }

  /** Starts a recording of what is read, or ends it. */
  private async record(): Promise<void> {
    const { recording } = this;
    const { videoWidth, videoHeight } = this.stage.video;
    this.recording = recording || !videoWidth ? null : new Recording(videoWidth, videoHeight);
    this.update();
    if (!recording) return;
    const { file, ending } = await recording.end();
    await this.hand(file, `mien.${ending}`);
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
    const timeline = clip ? this.clip.timeline : this.timeline;
    timeline.add({ time, face: main, faces });
    if (clip) this.clip.draw(this.classes);
    else this.drawStrip(time);
    if (this.moment === null) {
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

  private drawStrip(time: number): void {
    const at = this.moment ?? time;
    this.strip.draw(this.timeline.all, this.classes, time - STRIP, time, at);
    const when = this.moment === null ? words.now : words.moment(Math.round(time - at));
    this.strip.describe(when, this.timeline.at(at), this.classes);
    // What is looked at passes out of the strip in the end.
    if (this.moment !== null && time - this.moment > STRIP) this.showMoment(null);
  }

  /** Shows what was read at a time of the strip; null for what is read now. */
  private showMoment(time: number | null): void {
    const newest = this.timeline.all.at(-1)?.time ?? 0;
    this.moment = time === null || newest - time < 0.5 ? null : time;
    this.toNow.hidden = this.moment === null;
    if (this.moment === null) return;
    const moment = this.timeline.at(this.moment);
    const when = words.moment(Math.round(newest - this.moment));
    if (moment?.face) this.result.show({ ...moment.face, others: moment.faces.length - 1, mark: when }, this.classes);
    else this.result.empty(words.noFace, when);
  }

  /** kind: "accepted", "refused", or "" for neither; without a title nothing is said. */
  private say(kind: "" | "accepted" | "refused", title: string, hint: string): void {
    const spoken = [title, hint].filter(Boolean).join("\n");
    if (this.verdict.dataset["said"] === `${kind} ${spoken}` && spoken) return;
    this.verdict.dataset["said"] = `${kind} ${spoken}`;
    this.verdict.className = `verdict ${kind}`;
    this.verdict.replaceChildren(...(title ? [h("strong", {}, title)] : []), ...(hint ? [h("span", {}, hint)] : []));
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

/** Whether an entry of the browser's history stands for a picture that is shown, and not for the first screen. */
function isPicture(state: unknown): boolean {
  return (state as { picture?: boolean } | null)?.picture ?? false;
}

function isVisible(element: Element | null): boolean {
  return element !== null && element !== document.body && element.getClientRects().length > 0 && !(element as HTMLButtonElement).disabled;
}

function message(title: string, text: string, ...more: HTMLElement[]): HTMLElement {
  return h("div", { class: "message", role: "status" }, h("strong", {}, title), text ? h("p", {}, text) : null, ...more);
}

function now(): number {
  return performance.now() / 1000;
}
