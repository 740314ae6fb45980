/** The main screen: the picture above, what its main face shows below it. */
import { Camera } from "../camera/camera";
import type { CameraState } from "../camera/camera";
import { h, icon, iconButton } from "../dom";
import { classesOf, nameOf } from "../engine/catalogue";
import type { ModelEntry } from "../engine/catalogue";
import type { Engine } from "../engine/client";
import { FaultError } from "../engine/fault";
import type { Fault, FrameResult } from "../engine/protocol";
import type { DrawnFace } from "../drawing";
import { addEntry } from "../history";
import type { ModelState, Models } from "../models";
import { savePicture } from "../saving";
import { settings } from "../settings";
import { strings } from "../strings";
import { Capture } from "./capture";
import { LiveLoop } from "./live";
import type { Figures } from "./live";
import { ResultPanel } from "./result";
import { Stage } from "./stage";
import { toggle } from "./toggle";
import { welcome } from "./welcome";

const words = strings.camera;

interface Notice {
  readonly title: string;
  readonly hint: string;
  readonly kind: "" | "accepted" | "refused";
}

/** The speed that live reading has shown is noted after this many frames with one face. */
const NOTED_AFTER = 60;

export class CameraScreen {
  readonly element: HTMLElement;
  private readonly engine: Engine;
  private readonly models: Models;
  private readonly stage = new Stage();
  private readonly camera = new Camera(this.stage.video);
  private readonly live: LiveLoop;
  private readonly result = new ResultPanel();
  private readonly welcome: HTMLElement;
  private readonly work: HTMLElement;
  private readonly controls = h("div", { class: "controls" });
  private readonly verdict = h("div", { class: "verdict", role: "status" });
  private readonly figures = h("p", { class: "figures" });
  private readonly modelButton: HTMLAnchorElement;
  private readonly modelStatus = h("div", { class: "model-status", role: "status" });
  private readonly realTime: HTMLLabelElement;
  private readonly file: HTMLInputElement;
  private capture: Capture | null = null;
  /** What is being checked, or waits for a model. */
  private unchecked: ImageBitmap | null = null;
  /** The capture whose faces are being read. */
  private reading: Capture | null = null;
  private readBy: ModelEntry | null = null;
  /** Words on what is going on or went wrong, as long as they hold. */
  private notice: Notice | null = null;
  private singles = 0;
  /** Whether this page made the browser's "back" lead from the picture to the first screen. */
  private wayBack = false;
  /** Whether the camera was open when another screen was shown. */
  private wasOpen = false;
  private modelKind: ModelState["kind"] | null = null;

  constructor(engine: Engine, models: Models) {
    this.engine = engine;
    this.models = models;
    this.live = new LiveLoop(engine, this.stage.video);
    this.live.onResult = (result, figures) => this.showLive(result, figures);
    this.live.onFault = (error) => this.notify(strings.models.fault(error.fault));
    this.camera.onFrame = () => void this.live.frame();
    this.file = h("input", {
      type: "file",
      accept: "image/*",
      hidden: true,
      "aria-label": strings.welcome.choose,
      onchange: () => void this.fileChosen(),
    });
    this.welcome = welcome(
      () => void this.openCamera(),
      () => this.file.click(),
    );
    this.realTime = toggle("realTime", words.realTime, words.realTimeHint);
    this.realTime.classList.add("real-time");
    this.modelButton = h("a", { class: "model-button", href: "#models" });
    this.work = h(
      "div",
      { class: "work" },
      h("div", { class: "picture" }, this.stage.element, this.figures),
      h(
        "div",
        { class: "panel" },
        this.modelStatus,
        this.verdict,
        this.result.element,
        h("div", { class: "row" }, this.realTime, this.modelButton),
        this.controls,
        this.options(),
      ),
    );
    this.element = h("section", { class: "screen camera-screen" }, h("h1", { class: "unseen" }, words.heading), this.welcome, this.work, this.file);
    this.camera.state.watch(() => this.update());
    models.state.watch((state) => this.showModel(state));
    let { realTime } = settings.value;
    settings.watch((value) => {
      if (value.realTime !== realTime) {
        realTime = value.realTime;
        this.update();
      }
      this.figures.hidden = !value.figures;
      this.redraw();
    });
    document.addEventListener("paste", (event) => {
      const [file] = event.clipboardData?.files ?? [];
      if (file && !this.element.hidden) void this.openPicture(file);
    });
    window.addEventListener("popstate", (event) => {
      if (this.element.hidden || !["", "#camera"].includes(location.hash) || isPicture(event.state)) return;
      this.wayBack = false;
      this.clear();
      this.camera.close();
      this.update();
    });
    // A browser shows what is dropped on a page in the page's place, unless the page takes it.
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      const [file] = event.dataTransfer?.files ?? [];
      if (file && !this.element.hidden) void this.openPicture(file);
    });
  }

  /** Back from another screen. */
  enter(): void {
    this.update();
    if (this.wasOpen) void this.camera.open();
    if (this.models.state.value.kind !== "none") void this.followModel();
  }

  /** A model that could not be had may be there now; where another one has been chosen, that one reads the picture. */
  private async followModel(): Promise<void> {
    const { capture } = this;
    if ((await this.models.ready()) && capture?.faces[0]?.reading && this.readBy !== this.models.chosen) await this.read(capture);
  }

  /** Another screen is shown: the camera is let go, a picture stays. */
  leave(): void {
    this.wasOpen = this.camera.state.value.kind !== "off";
    this.camera.close();
  }

  private async openCamera(): Promise<void> {
    this.clear();
    // The model loads while the browser asks for the camera.
    void this.models.ready();
    await this.camera.open();
  }

  private get classes(): readonly string[] {
    const { chosen } = this.models;
    return chosen ? classesOf(chosen) : [];
  }

  /** Brings everything in line with the camera's state, the switch, the model, and the picture that was taken. */
  private update(): void {
    const state = this.camera.state.value;
    const { capture, notice, unchecked } = this;
    const idle = state.kind === "off" && !capture && !notice;
    if (!this.element.hidden) this.keepWayBack(idle);
    this.welcome.hidden = !idle;
    this.work.hidden = idle;
    this.work.classList.toggle("still-picture", capture !== null);
    this.work.classList.toggle("no-picture", state.kind === "off" && !capture && !unchecked);
    const { realTime } = settings.value;
    const reading = state.kind === "on" && realTime && !capture && !notice && this.models.state.value.kind === "ready";
    if (reading) this.live.start();
    else this.live.stop();
    this.result.setClasses(this.classes);
    if (capture) this.showCapture(capture);
    else {
      this.stage.describe(words.picture);
      if (unchecked) this.stage.showStill(unchecked);
      else if (state.kind === "on") this.stage.showVideo(state.mirrored);
      else this.stage.showNothing();
      const off = state.kind === "on" && !realTime && !notice;
      this.result.empty(off ? words.off : "", off ? words.offHint : "", !reading);
      this.say(notice);
    }
    this.stage.over.replaceChildren(...this.overStage(state));
    const focused = this.controls.contains(document.activeElement);
    this.controls.replaceChildren(...this.buttons(state));
    // Who works by keyboard goes on where they were.
    if (focused) this.controls.querySelector("button")?.focus();
    setText(this.figures, "");
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
    if (this.capture || this.notice) return [];
    if (state.kind === "on") {
      const tools = h("div", { class: "tools" }, iconButton("close", words.stop, () => this.camera.close()));
      if (state.torch !== null) {
        const { torch } = state;
        tools.append(iconButton("torch", torch ? words.torchOff : words.torchOn, () => void this.camera.setTorch(!torch)));
      }
      if (state.several) tools.append(iconButton("flip", words.flip, () => void this.camera.flip()));
      return [tools];
    }
    if (state.kind === "asking") return [message(words.asking, words.askingHint)];
    if (state.kind === "paused") return [message(words.paused, "")];
    if (state.kind === "fault") {
      const { title, text } = words.fault(state.fault);
      const retry = h("button", { type: "button", class: "primary", onclick: () => void this.camera.open() }, words.retry);
      return [message(title, text, retry)];
    }
    return [];
  }

  private buttons(state: CameraState): HTMLElement[] {
    const choose = h("button", { type: "button", onclick: () => this.file.click() }, icon("gallery"), strings.welcome.choose);
    if (this.capture) return [...this.captureButtons(this.capture), choose];
    if (this.notice) return [choose, h("button", { type: "button", onclick: () => this.back() }, strings.capture.back)];
    if (state.kind !== "on" || settings.value.realTime) return [choose];
    const take = h("button", { type: "button", class: "primary", onclick: () => void this.take() }, icon("camera"), words.take);
    return [take, choose];
  }

  private captureButtons(capture: Capture): HTMLElement[] {
    const back = h("button", { type: "button", onclick: () => this.back() }, strings.capture.back);
    if (this.reading === capture) return [h("button", { type: "button", disabled: true }, strings.capture.reading), back];
    if (!capture.faces[0]!.reading) {
      const label = capture.check === "accepted" ? strings.capture.detect : strings.capture.detectAnyway;
      const kind = capture.check === "accepted" ? "primary" : "";
      return [h("button", { type: "button", class: kind, onclick: () => void this.detect(capture) }, label), back];
    }
    const save = h("button", { type: "button", class: "primary", onclick: () => void this.save(capture) }, strings.capture.save);
    const file = new File([], strings.capture.fileName, { type: "image/jpeg" });
    const canShare = navigator.canShare?.({ files: [file] }) ?? false;
    const share = h("button", { type: "button", onclick: () => void this.share(capture) }, strings.capture.share);
    return [save, ...(canShare ? [share] : []), back];
  }

  private async take(): Promise<void> {
    if (this.stage.video.videoWidth) await this.inspect(createImageBitmap(this.stage.video));
  }

  private async fileChosen(): Promise<void> {
    const [file] = this.file.files ?? [];
    this.file.value = "";
    if (file) await this.openPicture(file);
  }

  private openPicture(file: Blob): Promise<void> {
    return this.inspect(createImageBitmap(file));
  }

  /** Checks a picture in place of whatever is shown; one that comes in the meantime goes before it. */
  private async inspect(coming: Promise<ImageBitmap>): Promise<void> {
    this.clear();
    this.notify(strings.capture.checking);
    const checking = this.notice;
    const picture = await coming.catch(() => null);
    if (this.notice !== checking) return picture?.close();
    if (!picture) return this.notify(strings.capture.broken);
    this.unchecked = picture;
    this.update();
    const outcome = await this.tryInspect(picture);
    if (this.notice !== checking) return outcome instanceof Capture ? outcome.close() : undefined;
    if (outcome === "no-model") return this.notify(strings.capture.waiting);
    this.unchecked = null;
    this.notice = null;
    if (outcome instanceof Capture) {
      this.capture = outcome;
      this.update();
    } else {
      picture.close();
      this.notify(strings.models.fault(outcome));
    }
  }

  private inspectAgain(picture: ImageBitmap): void {
    this.unchecked = null;
    void this.inspect(Promise.resolve(picture));
  }

  private async tryInspect(picture: ImageBitmap): Promise<Capture | Fault | "no-model"> {
    if (!(await this.models.ready())) return "no-model";
    try {
      return await Capture.inspect(this.engine, picture);
    } catch (error) {
      return error instanceof FaultError ? error.fault : "engine";
    }
  }

  private showCapture(capture: Capture): void {
    this.stage.showStill(capture.picture);
    this.redraw();
    this.say(this.checked(capture));
    const [main, ...others] = capture.faces as [DrawnFace, ...DrawnFace[]];
    const accepted = capture.check === "accepted";
    // What the check said stands above the result already.
    const verdict = accepted ? "none" : main.verdict;
    const mark = accepted ? "" : strings.capture.refusedMark;
    if (main.reading) {
      this.result.show(main.reading, main.place, this.classes, verdict, others.length, mark);
      this.stage.describe(strings.capture.described(capture.faces.map((face) => this.described(face))));
    } else {
      this.result.empty("", "", true);
      this.stage.describe(strings.capture.picture);
    }
  }

  private described({ reading, place }: DrawnFace): string {
    if (place === null) return strings.result.unclear;
    const share = reading!.probabilities[place]!;
    return strings.result.announce(strings.adjective(this.classes[place]!), strings.percent(share));
  }

  private checked(capture: Capture): Notice {
    const { accepted, refusedNoFace, refusedNoFaceHint, refusedStrange, refusedStrangeHint, noGate, someStrange } = strings.capture;
    if (capture.check === "no-face") return { title: refusedNoFace, hint: refusedNoFaceHint, kind: "refused" };
    if (capture.check === "strange") return { title: refusedStrange, hint: refusedStrangeHint, kind: "refused" };
    const known = capture.faces.some((face) => face.verdict === "strange") ? someStrange : strings.verdict.known;
    const hint = this.models.gate ? known : noGate;
    return { title: accepted(capture.faces.length), hint, kind: "accepted" };
  }

  private async detect(capture: Capture): Promise<void> {
    if ((await this.read(capture)) && settings.value.history) await this.keep(capture);
  }

  /** Whether the capture was read, and is still the one that is shown. */
  private async read(capture: Capture): Promise<boolean> {
    if (this.reading === capture || this.capture !== capture) return false;
    this.reading = capture;
    this.readBy = this.models.chosen;
    this.update();
    const fault = await capture.read(this.engine).then(
      () => null,
      (error: unknown) => (error instanceof FaultError ? error.fault : "engine"),
    );
    if (this.reading === capture) this.reading = null;
    if (this.capture !== capture) return false;
    if (fault) {
      this.clear();
      this.notify(strings.models.fault(fault));
    } else this.update();
    return !fault;
  }

  private async keep(capture: Capture): Promise<void> {
    const [main] = capture.faces as [DrawnFace];
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
    await savePicture(await capture.annotated(this.classes, settings.value.heat), strings.capture.fileName);
  }

  private async share(capture: Capture): Promise<void> {
    const picture = await capture.annotated(this.classes, settings.value.heat);
    const file = new File([picture], strings.capture.fileName, { type: picture.type });
    // Who closes the sharing sheet has changed their mind, and needs no message.
    await navigator.share({ files: [file] }).catch(() => undefined);
  }

  private back(): void {
    this.clear();
    this.update();
  }

  /** Lets go of the picture, and of what was said of it. */
  private clear(): void {
    this.notice = null;
    this.capture?.close();
    this.capture = null;
    this.unchecked?.close();
    this.unchecked = null;
  }

  private showLive(result: FrameResult, figures: Figures): void {
    if (this.capture) return;
    this.stage.draw(result.faces, this.classes, result.width);
    const { main, others } = result;
    if (main) this.result.show(main.reading, main.place, this.classes, main.verdict, others);
    else this.result.empty(words.noFace, words.noFaceHint);
    if (settings.value.figures) {
      const line = words.figuresLine(figures.rate, figures.steps);
      setText(this.figures, figures.resting ? `${line} · ${words.resting}` : line);
    }
    this.singles = result.faces.length === 1 ? this.singles + 1 : 0;
    if (this.singles === NOTED_AFTER && this.models.chosen) this.models.note(this.models.chosen, figures.steps.read);
  }

  private redraw(): void {
    const { capture } = this;
    if (capture) this.stage.draw(capture.drawn(settings.value.heat), this.classes, capture.inspected.width);
  }

  private notify(title: string): void {
    this.notice = { title, hint: "", kind: "" };
    this.update();
  }

  private say(notice: Notice | null): void {
    this.verdict.className = `verdict ${notice?.kind ?? ""}`;
    this.verdict.replaceChildren();
    if (!notice) return;
    this.verdict.append(h("strong", {}, notice.title));
    if (notice.hint) this.verdict.append(h("span", {}, notice.hint));
  }

  private showModel(state: ModelState): void {
    const { chosen } = this.models;
    const title = chosen ? strings.modelTitle(nameOf(chosen)) : strings.tabs.models;
    setText(this.modelButton, title);
    this.modelButton.setAttribute("aria-label", strings.models.change(title));
    this.modelStatus.replaceChildren(...modelStatus(state, () => void this.models.ready()));
    // A download tells of itself many times; only its beginning and its end change what can be done.
    if (state.kind !== this.modelKind) {
      this.modelKind = state.kind;
      this.update();
      if (state.kind === "ready" && this.notice?.title === strings.capture.waiting && this.unchecked) this.inspectAgain(this.unchecked);
    }
  }

  private options(): HTMLElement {
    return h(
      "details",
      { class: "options" },
      h("summary", {}, words.options),
      toggle("smooth", words.smooth, words.smoothHint),
      toggle("heat", words.heat, words.heatHint),
      toggle("figures", words.figures, words.figuresHint),
      toggle("saver", words.saver, words.saverHint),
    );
  }
}

/** Whether an entry of the browser's history stands for a picture that is shown, and not for the first screen. */
function isPicture(state: unknown): boolean {
  return (state as { picture?: boolean } | null)?.picture ?? false;
}

/** How far the chosen model is, as long as it is not ready. */
export function modelStatus(state: ModelState, retry: () => void): HTMLElement[] {
  if (state.kind === "loading") {
    const title = strings.modelTitle(nameOf(state.model));
    const { loaded, model } = state;
    if (loaded === null || loaded === model.bytes) return [h("p", {}, strings.models.starting(title)), h("progress")];
    const label = strings.models.loading(title);
    const bar = h("progress", { max: String(model.bytes), value: String(loaded), "aria-label": label });
    return [h("p", {}, label, h("small", {}, strings.models.progress(loaded, model.bytes))), bar];
  }
  if (state.kind === "fault") {
    return [
      h("p", {}, strings.models.fault(state.fault)),
      h("button", { type: "button", onclick: retry }, strings.models.retry),
    ];
  }
  return [];
}

function message(title: string, text: string, ...more: HTMLElement[]): HTMLElement {
  return h("div", { class: "message", role: "status" }, h("strong", {}, title), text ? h("p", {}, text) : null, ...more);
}

function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
