/** `@mien/recognizer`: the faces of pictures and videos for any page, by the app's own worker. */
import packedUrl from "@models/mobilenet_v2.onnx?url";
import { defaultOf, judgeOf, loadCatalogue, nameOf, classesOf } from "./engine/catalogue";
import type { Catalogue, ModelEntry } from "./engine/catalogue";
import { Engine } from "./engine/client";
import { FaultError } from "./engine/fault";
import type { ReadFace, Reading, FoundFace } from "./recognition/faces";
import { strongest } from "./recognition/clarity";

/** What can be looked at: whatever `createImageBitmap` takes. A video is looked at as it stands at this moment. */
export type Source = ImageBitmapSource;

/** A rectangle in the source's own pixels, x to the right, y down. */
export interface FaceBox {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** One face and the expression it shows. */
export interface Face {
  readonly box: FaceBox;
  /** The detector's score in [0, 1]. */
  readonly score: number;
  /** Whether it is a face like those that the model learned from; "none" where the model has no gate. */
  readonly verdict: "known" | "covered" | "strange" | "none";
  /** The most probable expression, such as "happy". */
  readonly expression: string;
  /** Its probability in [0, 1]. */
  readonly confidence: number;
  /** A probability for each of `Recognizer.expressions`; together 1. */
  readonly probabilities: Readonly<Record<string, number>>;
}

/** A face of a video, which keeps its number from frame to frame. */
export interface TrackedFace extends Face {
  /** From 1; never given to another face of the same video. */
  readonly id: number;
}

/** How a recognizer is loaded. */
export interface LoadOptions {
  /** The folder of a `models.json` and the model files that it lists; the package's own model by default. */
  readonly base?: string | URL;
  /** A model by its name; "mobilenet_v2" by default. */
  readonly model?: string;
  /** Called while the model is downloaded, with the bytes that have arrived and all there are. */
  readonly onProgress?: (loaded: number, total: number) => void;
}

/** How a video is followed. */
export interface TrackOptions {
  /** The frame's time in seconds on the video's own clock, never falling; `currentTime` of a video by default. */
  readonly time?: number;
  /** Average each face's probabilities over so many seconds; 0.35 by default, 0 for each frame alone. */
  readonly memory?: number;
  /** Faces followed, at most: the largest; 10 by default. */
  readonly faces?: number;
}

/** Why something could not be done: no connection, a file with other bytes than it should have, no list, or the engine. */
export class RecognizerError extends Error {
  readonly reason: "download" | "damaged" | "list" | "engine";

  constructor(reason: RecognizerError["reason"], message: string) {
    super(message);
    this.name = "RecognizerError";
    this.reason = reason;
  }
}

/**
 * Reads the expressions that faces show. Everything is done on this device, in a worker; nothing is sent anywhere.
 *
 * Calls may overlap: they are answered one after the other.
 */
export class Recognizer {
  /** The expressions' names, in the model's order. */
  readonly expressions: readonly string[];
  /** The model's name. */
  readonly model: string;
  private readonly engine: Engine;
  private last: Promise<unknown> = Promise.resolve();

  private constructor(engine: Engine, model: ModelEntry) {
    this.engine = engine;
    this.model = nameOf(model);
    this.expressions = classesOf(model);
  }

  /**
   * Loads the worker, the face detectors and the model; the model's file is kept on the device.
   *
   * Throws `RecognizerError` where one of them cannot be had.
   */
  static async load(options: LoadOptions = {}): Promise<Recognizer> {
    const engine = new Engine();
    try {
      const { base } = options;
      const catalogue = base ? await loadCatalogue(new URL(base, document.baseURI).href) : packed();
      const model = options.model ? catalogue.models.find((one) => nameOf(one) === options.model) : defaultOf(catalogue);
      if (!model) {
        const names = catalogue.models.map(nameOf).join(", ");
        throw new RecognizerError("list", `there is no model ${options.model ?? ""}; there are: ${names}`);
      }
      engine.onProgress = (_url, loaded) => options.onProgress?.(loaded, model.bytes);
      await engine.call("open", { model, gate: judgeOf(catalogue, model) });
      return new Recognizer(engine, model);
    } catch (error) {
      engine.close();
      throw told(error);
    }
  }

  /**
   * The faces of one picture, or of a video's frame at this moment, the largest first; an empty list where there is none.
   *
   * An `ImageBitmap` that is given stays open. Throws `RecognizerError`, and what `createImageBitmap` throws for a source
   * that is no picture.
   */
  async recognize(source: Source): Promise<Face[]> {
    const bitmap = await createImageBitmap(source);
    const { width: whole } = bitmap;
    return this.inTurn(async () => {
      const { faces, found, width } = await this.engine.call("inspect", { bitmap });
      if (!found) return [];
      const readings = await this.engine.call("read", {});
      return faces.map((face, i) => this.face(face, readings[i]!, whole / width));
    });
  }

  /**
   * The faces of the next frame of a video or a camera, each with the number that it keeps. A recognizer follows one video
   * at a time; `forget` begins another.
   *
   * Throws as `recognize` does.
   */
  async track(source: Source, options: TrackOptions = {}): Promise<TrackedFace[]> {
    const time = options.time ?? (source instanceof HTMLVideoElement ? source.currentTime : performance.now() / 1000);
    const bitmap = await createImageBitmap(source);
    const { width: whole } = bitmap;
    const { memory = 0.35, faces: most = 10 } = options;
    return this.inTurn(async () => {
      const smooth = memory > 0;
      const frameOptions = { smooth, memory: smooth ? memory : 1, map: false, faces: most, clear: null, evenly: false, chosen: null };
      const { faces, width } = await this.engine.call("frame", { bitmap, time, options: frameOptions });
      return faces.map((face: ReadFace) => ({ id: face.id, ...this.face(face, face.reading, whole / width) }));
    });
  }

  /** Forgets the faces of the video: the next frame is of another one. */
  async forget(): Promise<void> {
    await this.inTurn(() => this.engine.call("forget", {}));
  }

  /** Ends the worker and frees its memory; the recognizer cannot be used any more. */
  close(): void {
    this.engine.close();
  }

  private face({ box, score, verdict }: FoundFace, { probabilities }: Reading, scale: number): Face {
    const { place, share } = strongest(probabilities);
    return {
      box: { left: box.left * scale, top: box.top * scale, right: box.right * scale, bottom: box.bottom * scale },
      score,
      verdict,
      expression: this.expressions[place]!,
      confidence: share,
      probabilities: Object.fromEntries(this.expressions.map((name, i) => [name, probabilities[i]!])),
    };
  }

  /** Does the work of one call after that of those before it: the worker reads the picture that it looked at last. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.last.then(work).catch((error: unknown) => {
      throw told(error);
    });
    this.last = mine.catch(() => undefined);
    return mine;
  }
}

/** The model that the package carries, as a list of models. */
function packed(): Catalogue {
  return { models: [{ ...__PACKED__, url: new URL(packedUrl, import.meta.url).href }] };
}

function told(error: unknown): unknown {
  return error instanceof FaultError ? new RecognizerError(error.fault, error.message) : error;
}
