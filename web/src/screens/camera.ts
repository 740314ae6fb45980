/** The main screen: the picture above, what its main face shows below it. */
import { Camera } from "../camera/camera";
import type { CameraState } from "../camera/camera";
import { h, icon, iconButton, toggle } from "../dom";
import { classesOf, nameOf } from "../engine/catalogue";
import type { Engine } from "../engine/client";
import { FaultError } from "../engine/fault";
import type { FrameResult } from "../engine/protocol";
import { addEntry } from "../history";
import type { ModelState, Models } from "../models";
import { change, settings } from "../settings";
import { strings } from "../strings";
import { Capture } from "./capture";
import { LiveLoop } from "./live";
import type { Figures } from "./live";
import { ResultPanel } from "./result";
import { Stage } from "./stage";
import { welcome } from "./welcome";

const words = strings.camera;
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
  private busy = false;
  private singles = 0;

  constructor(engine: Engine, models: Models) {
    this.engine = engine;
    this.models = models;
    this.live = new LiveLoop(engine, this.stage.video);
    this.live.onResult = (result, figures) => this.showLive(result, figures);
    this.live.onFault = (error) => this.say(strings.models.fault(error.fault), "");
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
    this.realTime = toggle(words.realTime, words.realTimeHint, settings.value.realTime, (on) => change({ realTime: on }));
    this.realTime.classList.add("real-time");
    this.modelButton = h("a", { class: "model-button", href: "#models", "aria-label": strings.models.change });
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
  }

  /** Another screen is shown: the camera is let go. */
  leave(): void {
    this.closeCapture();
    this.camera.close();
  }

  private async openCamera(): Promise<void> {
    this.closeCapture();
    // The model loads while the browser asks for the camera.
    void this.models.ready().then(() => this.update());
    await this.camera.open();
  }

  private get classes(): readonly string[] {
    const { chosen } = this.models;
    return chosen ? classesOf(chosen) : [];
  }

  /** Brings everything in line with the camera's state, the switch, the model, and the picture that was taken. */
  private update(): void {
    const state = this.camera.state.value;
    const idle = state.kind === "off" && !this.capture && !this.busy;
    this.welcome.hidden = !idle;
    this.work.hidden = idle;
    this.work.classList.toggle("still-picture", this.capture !== null);
    if (!this.capture && state.kind === "on") this.stage.showVideo(state.mirrored);
    const reading = state.kind === "on" && settings.value.realTime && !this.capture && this.models.state.value.kind === "ready";
    if (reading) this.live.start();
    else this.live.stop();
    if (!this.capture) {
      this.stage.clear();
      if (this.classes.length) this.result.setClasses(this.classes);
      if (state.kind === "on" && !settings.value.realTime) this.result.empty(words.off, words.offHint, true);
      else this.result.empty("", "", !reading);
      this.verdict.replaceChildren();
    }
    this.stage.over.replaceChildren(...this.overStage(state));
    this.controls.replaceChildren(...this.buttons(state));
    setText(this.figures, "");
  }

  private overStage(state: CameraState): HTMLElement[] {
    if (this.capture) return [];
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
    if (this.capture) return this.captureButtons(this.capture);
    const choose = h("button", { type: "button", onclick: () => this.file.click() }, icon("gallery"), strings.welcome.choose);
    if (state.kind !== "on" || settings.value.realTime) return [choose];
    const take = h("button", { type: "button", class: "primary", onclick: () => void this.take() }, icon("camera"), words.take);
    return [take, choose];
  }

  private captureButtons(capture: Capture): HTMLElement[] {
    const back = h("button", { type: "button", onclick: () => this.back() }, strings.capture.back);
    if (!capture.main) {
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
    if (this.busy || !this.stage.video.videoWidth) return;
    await this.inspect(await createImageBitmap(this.stage.video));
  }

  private async fileChosen(): Promise<void> {
    const [file] = this.file.files ?? [];
    this.file.value = "";
    if (file) await this.openPicture(file);
  }

  private async openPicture(file: Blob): Promise<void> {
    const picture = await createImageBitmap(file).catch(() => null);
    if (picture) return this.inspect(picture);
    this.welcome.hidden = true;
    this.work.hidden = false;
    this.say(strings.capture.broken, "");
  }

  private async inspect(picture: ImageBitmap): Promise<void> {
    this.closeCapture();
    this.busy = true;
    this.update();
    this.stage.showStill(picture);
    this.say(strings.capture.checking, "");
    this.result.empty("", "", true);
    try {
      if (!(await this.models.ready())) return;
      this.capture = await Capture.inspect(this.engine, picture);
    } catch (error) {
      this.say(error instanceof FaultError ? strings.models.fault(error.fault) : String(error), "");
      return;
    } finally {
      this.busy = false;
    }
    this.update();
    this.result.setClasses(this.classes);
    this.result.empty("", "", true);
    this.showCheck(this.capture);
    this.redraw();
  }

  private showCheck(capture: Capture): void {
    const { accepted, refusedNoFace, refusedNoFaceHint, refusedStrange, refusedStrangeHint, noGate } = strings.capture;
    if (capture.check === "no-face") this.say(refusedNoFace, refusedNoFaceHint, "refused");
    else if (capture.check === "strange") this.say(refusedStrange, refusedStrangeHint, "refused");
    else this.say(accepted(capture.faces.length), this.models.gate ? strings.verdict.known : noGate, "accepted");
  }

  private async detect(capture: Capture): Promise<void> {
    try {
      await capture.read(this.engine);
    } catch (error) {
      if (!(error instanceof FaultError)) throw error;
      return this.say(strings.models.fault(error.fault), "");
    }
    if (this.capture !== capture) return;
    const [main, ...others] = capture.faces;
    const mark = capture.check === "accepted" ? "" : strings.capture.refusedMark;
    this.result.show(main!.reading!, this.classes, main!.verdict, others.length, mark);
    this.redraw();
    this.controls.replaceChildren(...this.captureButtons(capture));
    await this.keep(capture);
  }

  private async keep(capture: Capture): Promise<void> {
    if (!settings.value.history) return;
    const { main } = capture;
    const picture = await capture.annotated(this.classes, settings.value.heat);
    const expression = main && this.classes[main.place]!;
    await addEntry({ time: Date.now(), picture, expression, share: main?.share ?? 0 });
    this.verdict.append(h("small", {}, strings.capture.kept));
  }

  private async save(capture: Capture): Promise<void> {
    const address = URL.createObjectURL(await capture.annotated(this.classes, settings.value.heat));
    h("a", { href: address, download: strings.capture.fileName }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }

  private async share(capture: Capture): Promise<void> {
    const picture = await capture.annotated(this.classes, settings.value.heat);
    const file = new File([picture], strings.capture.fileName, { type: picture.type });
    // Who closes the sharing sheet has changed their mind, and needs no message.
    await navigator.share({ files: [file] }).catch(() => undefined);
  }

  private back(): void {
    this.closeCapture();
    const { kind } = this.camera.state.value;
    if (kind === "off") void this.openCamera();
    else this.update();
  }

  private closeCapture(): void {
    this.capture?.close();
    this.capture = null;
  }

  private showLive(result: FrameResult, figures: Figures): void {
    if (this.capture) return;
    this.stage.draw(result.faces, this.classes, result.width);
    const [main, ...others] = result.faces;
    if (main) this.result.show(main.reading, this.classes, main.verdict, others.length);
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

  private say(title: string, hint: string, kind = ""): void {
    this.verdict.className = `verdict ${kind}`;
    this.verdict.replaceChildren(h("strong", {}, title), ...(hint ? [h("span", {}, hint)] : []));
  }

  private showModel(state: ModelState): void {
    const { chosen } = this.models;
    setText(this.modelButton, chosen ? strings.modelTitle(nameOf(chosen)) : strings.tabs.models);
    this.modelStatus.replaceChildren(...modelStatus(state, () => void this.models.ready()));
    this.update();
  }

  private options(): HTMLElement {
    const { smooth, heat, figures, saver } = settings.value;
    return h(
      "details",
      { class: "options" },
      h("summary", {}, words.options),
      toggle(words.smooth, words.smoothHint, smooth, (on) => change({ smooth: on })),
      toggle(words.heat, words.heatHint, heat, (on) => change({ heat: on })),
      toggle(words.figures, words.figuresHint, figures, (on) => change({ figures: on })),
      toggle(words.saver, words.saverHint, saver, (on) => change({ saver: on })),
    );
  }
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
