/** Single pictures on their way: opened, checked, read, and kept where the user wants it. The one that came last counts. */
import { classesOf } from "../engine/catalogue";
import type { ModelEntry } from "../engine/catalogue";
import type { Engine } from "../engine/client";
import { FaultError } from "../engine/fault";
import type { Fault } from "../engine/protocol";
import { addEntry } from "../history";
import type { Models } from "../models";
import { settings } from "../settings";
import { strings } from "../strings";
import { Capture } from "./capture";
import type { Happening, View } from "./state";

/** The camera screen's side of it. */
export interface StillHost {
  readonly view: () => View<ImageBitmap, Capture>;
  readonly happen: (happening: Happening<ImageBitmap, Capture>) => void;
  /** A word after the picture's result. */
  readonly say: (text: string) => void;
}

export class StillReader {
  private readonly engine: Engine;
  private readonly models: Models;
  private readonly host: StillHost;
  /** The job of the picture that came last. */
  private job = 0;
  private readBy: ModelEntry | null = null;

  constructor(engine: Engine, models: Models, host: StillHost) {
    this.engine = engine;
    this.models = models;
    this.host = host;
  }

  /**
   * Checks a picture in place of whatever is shown, and reads it where it passes; one that comes in the meantime goes before it.
   *
   * @param keep whether it may go into the history
   */
  async inspect(coming: Promise<ImageBitmap>, keep = true): Promise<void> {
    const { happen, view } = this.host;
    const job = ++this.job;
    happen({ kind: "picture-coming", job });
    const picture = await coming.catch(() => null);
    if (job !== this.job || view().kind !== "checking") return picture?.close();
    if (!picture) return happen({ kind: "failed", job, problem: "broken" });
    happen({ kind: "picture-opened", job, picture });
    if (!(await this.models.ready())) return happen({ kind: "no-model", job });
    try {
      const capture = await Capture.inspect(this.engine, picture);
      happen({ kind: "found", job, capture });
      if (capture.check === "accepted") await this.detect(capture, keep);
    } catch (error) {
      happen({ kind: "failed", job, problem: faultOf(error) });
    }
  }

  /** A picture that waited for a model is checked now. */
  async inspectWaiting(picture: ImageBitmap): Promise<void> {
    await this.inspect(createImageBitmap(picture));
  }

  /** Says what is wrong in place of a picture that never came. */
  fail(problem: "broken" | Fault): void {
    const job = ++this.job;
    this.host.happen({ kind: "picture-coming", job });
    this.host.happen({ kind: "failed", job, problem });
  }

  /** Reads a picture that was checked. */
  async detect(capture: Capture, keep = true): Promise<void> {
    if ((await this.read(capture)) && keep && settings.value.history) await this.keep(capture);
  }

  /** A model that could not be had may be there now; where another one has been chosen, that one reads the picture. */
  async followModel(): Promise<void> {
    const ready = await this.models.ready();
    const view = this.host.view();
    if (ready && view.kind === "still" && view.read && this.readBy !== this.models.chosen) await this.read(view.capture);
  }

  /** Whether the capture was read, and is still the one that is shown. */
  private async read(capture: Capture): Promise<boolean> {
    const { happen } = this.host;
    const view = this.host.view();
    if (view.kind !== "still" || view.capture !== capture || view.reading) return false;
    this.readBy = this.models.chosen;
    happen({ kind: "reading", capture });
    try {
      await capture.read(this.engine);
      happen({ kind: "was-read", capture });
    } catch (error) {
      happen({ kind: "not-read", capture, problem: faultOf(error) });
    }
    const after = this.host.view();
    return after.kind === "still" && after.capture === capture;
  }

  private async keep(capture: Capture): Promise<void> {
    const { chosen } = this.models;
    const classes = chosen ? classesOf(chosen) : [];
    const main = capture.face(null);
    const expression = main.place === null ? null : classes[main.place]!;
    const share = main.place === null ? 0 : main.reading!.probabilities[main.place]!;
    const refused = capture.check !== "accepted";
    const kept = await capture
      .annotated(classes, settings.value.heat)
      .then((picture) => addEntry({ time: Date.now(), picture, expression, share, refused }))
      .then(
        () => strings.capture.kept,
        () => strings.history.unavailable,
      );
    this.host.say(kept);
  }
}

function faultOf(error: unknown): Fault {
  return error instanceof FaultError ? error.fault : "engine";
}
