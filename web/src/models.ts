/** Which model reads, and how far it is. */
import { defaultOf, judgeOf, loadCatalogue, nameOf } from "./engine/catalogue";
import type { Catalogue, ModelEntry } from "./engine/catalogue";
import type { Engine } from "./engine/client";
import { forgetOthers } from "./engine/download";
import { FaultError } from "./engine/fault";
import type { Fault } from "./engine/protocol";
import { keepForGood } from "./saving";
import { change, settings } from "./settings";
import { Signal } from "./signal";

export type ModelState =
  | { readonly kind: "none" }
  /** loaded: bytes of the download, null where nothing is downloaded. */
  | { readonly kind: "loading"; readonly model: ModelEntry; readonly loaded: number | null }
  | { readonly kind: "ready"; readonly model: ModelEntry }
  | { readonly kind: "fault"; readonly model: ModelEntry; readonly fault: Fault };

export class Models {
  readonly state = new Signal<ModelState>({ kind: "none" });
  /** The list may change while the app is open: a model file may be replaced. */
  readonly list: Signal<Catalogue>;
  /** Whether a model that is chosen elsewhere is wanted here at once. */
  inUse = false;
  private readonly engine: Engine;
  private opening: Promise<void> | null = null;

  private constructor(engine: Engine, catalogue: Catalogue) {
    this.engine = engine;
    this.list = new Signal(catalogue);
    engine.onProgress = (url, loaded) => {
      const { value } = this.state;
      if (value.kind === "loading" && value.model.url === url) this.state.set({ ...value, loaded });
    };
    engine.onLost = () => {
      const { value } = this.state;
      if (value.kind === "ready") this.state.set({ kind: "fault", model: value.model, fault: "engine" });
    };
    let { native } = settings.value;
    // Another window may choose too.
    settings.watch((chosen) => {
      const { value } = this.state;
      if (chosen.native !== native && value.kind === "ready") void this.start(value.model);
      native = chosen.native;
      if (this.inUse && value.kind === "ready" && value.model !== this.chosen) void this.ready();
    });
  }

  static async load(engine: Engine): Promise<Models> {
    const catalogue = await loadCatalogue();
    void forgetOthers(catalogue.models);
    return new Models(engine, catalogue);
  }

  get catalogue(): Catalogue {
    return this.list.value;
  }

  /** What judges the faces that the chosen model reads. */
  get gate(): ModelEntry | null {
    return judgeOf(this.catalogue, this.chosen);
  }

  /** The one the user chose, as long as it is there, or else the default. */
  get chosen(): ModelEntry | null {
    return this.catalogue.models.find((model) => nameOf(model) === settings.value.model) ?? defaultOf(this.catalogue);
  }

  /** Makes the chosen model ready, and says whether it could be; one that is being opened is waited for. */
  async ready(): Promise<boolean> {
    for (;;) {
      const { chosen } = this;
      if (!chosen) return false;
      if (this.state.value.kind === "ready" && this.state.value.model === chosen) return true;
      await (this.opening ?? this.start(chosen));
      // Another one may have been opened, or chosen in the meantime.
      const { value } = this.state;
      if (value.kind === "fault" && value.model === chosen && this.chosen === chosen) return false;
    }
  }

  /** Makes `model` the chosen one. Where it cannot be had, the one before stays chosen. */
  async choose(model: ModelEntry): Promise<void> {
    const before = settings.value.model;
    change({ model: nameOf(model) });
    if (!(await this.ready()) && this.chosen === model) change({ model: before });
  }

  /** Notes that `model` is to be used, and downloads nothing yet. */
  mark(model: ModelEntry): void {
    change({ model: nameOf(model) });
  }

  /** Measures the milliseconds a face takes on this device; the chosen model reads again afterwards. */
  async measure(model: ModelEntry): Promise<void> {
    await this.opening;
    await this.start(model);
    if (this.state.value.kind !== "ready") return;
    this.note(model, await this.engine.call("measure", {}));
    await this.ready();
  }

  /** Keeps a speed that was seen. */
  note(model: ModelEntry, milliseconds: number): void {
    change({ speeds: { ...settings.value.speeds, [model.sha256]: milliseconds } });
  }

  private start(model: ModelEntry): Promise<void> {
    this.opening = this.open(model).finally(() => (this.opening = null));
    return this.opening;
  }

  private async open(model: ModelEntry): Promise<void> {
    this.state.set({ kind: "loading", model, loaded: null });
    try {
      await this.engine.call("open", { model, gate: judgeOf(this.catalogue, model), native: settings.value.native });
      this.state.set({ kind: "ready", model });
      void keepForGood();
    } catch (error) {
      const fault = error instanceof FaultError ? error.fault : "engine";
      const renewed = fault === "engine" ? null : await this.renewed(model);
      if (renewed) await this.open(renewed);
      else this.state.set({ kind: "fault", model, fault });
    }
  }

  /** The same model by a newer list, where its file or the gate's has been replaced; null where the list is the same. */
  private async renewed(model: ModelEntry): Promise<ModelEntry | null> {
    const catalogue = await loadCatalogue(document.baseURI, "reload").catch(() => null);
    const found = catalogue?.models.find((other) => nameOf(other) === nameOf(model));
    if (!catalogue || !found || JSON.stringify(catalogue) === JSON.stringify(this.catalogue)) return null;
    this.list.set(catalogue);
    return found;
  }
}
