/** Which model reads, and how far it is. */
import { defaultOf, gateOf, loadCatalogue, nameOf } from "./engine/catalogue";
import type { Catalogue, ModelEntry } from "./engine/catalogue";
import type { Engine } from "./engine/client";
import { forgetOthers } from "./engine/download";
import { FaultError } from "./engine/fault";
import type { Fault } from "./engine/protocol";
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
  readonly catalogue: Catalogue;
  private readonly engine: Engine;
  private opening: Promise<void> | null = null;

  private constructor(engine: Engine, catalogue: Catalogue) {
    this.engine = engine;
    this.catalogue = catalogue;
    engine.onProgress = (url, loaded) => {
      const { value } = this.state;
      if (value.kind === "loading" && value.model.url === url) this.state.set({ ...value, loaded });
    };
  }

  static async load(engine: Engine): Promise<Models> {
    const catalogue = await loadCatalogue();
    void forgetOthers(catalogue.models);
    return new Models(engine, catalogue);
  }

  get gate(): ModelEntry | null {
    return gateOf(this.catalogue);
  }

  /** The one the user chose, as long as it is there, or else the default. */
  get chosen(): ModelEntry | null {
    return this.catalogue.models.find((model) => nameOf(model) === settings.value.model) ?? defaultOf(this.catalogue);
  }

  /** Makes the chosen model ready; a second call while the first one runs waits for that. */
  async ready(): Promise<boolean> {
    const { value } = this.state;
    const model = this.chosen;
    if (!model) return false;
    if (value.kind === "ready" && value.model === model) return true;
    this.opening ??= this.open(model).finally(() => (this.opening = null));
    await this.opening;
    // Another one may have been chosen in the meantime.
    if (this.chosen !== model) return this.ready();
    return this.state.value.kind === "ready";
  }

  async choose(model: ModelEntry): Promise<boolean> {
    change({ model: nameOf(model) });
    return this.ready();
  }

  /** Milliseconds a face on this device. */
  async measure(model: ModelEntry): Promise<void> {
    if (!(await this.choose(model))) return;
    this.note(model, await this.engine.call("measure", {}));
  }

  /** Keeps a speed that was seen. */
  note(model: ModelEntry, milliseconds: number): void {
    change({ speeds: { ...settings.value.speeds, [model.sha256]: milliseconds } });
  }

  private async open(model: ModelEntry): Promise<void> {
    this.state.set({ kind: "loading", model, loaded: null });
    try {
      await this.engine.call("open", { model, gate: this.gate });
      this.state.set({ kind: "ready", model });
    } catch (error) {
      this.state.set({ kind: "fault", model, fault: error instanceof FaultError ? error.fault : "engine" });
    }
  }
}
