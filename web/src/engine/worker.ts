/** The worker: all that takes time happens here, so that the page never stalls. */
import backUrl from "@models/blazeface_far.onnx?url";
import frontUrl from "@models/blazeface_near.onnx?url";
import { BACK_SIZE, FaceDetector, FRONT_SIZE } from "../recognition/detection";
import { Framing } from "../recognition/framing";
import type { Pixels, Square } from "../recognition/geometry";
import { LiveRecognizer } from "../recognition/live";
import type { ExpressionNetwork } from "../recognition/model";
import { priorOf } from "../recognition/prior";
import { FaceReader } from "../recognition/reader";
import type { Crop, OpenModel } from "../recognition/reader";
import { adjusted } from "./adjusting";
import { classesOf, gateIn } from "./catalogue";
import type { ModelEntry } from "./catalogue";
import { fetchModel } from "./download";
import { FaultError } from "./fault";
import { openNative, withSpare } from "./native";
import type { Adjustment, Calls, FrameResult, InspectResult, Kind, Message, Request } from "./protocol";
import { openDetector, openExpressionNetwork } from "./wasm";

/** A frame of a video is looked at no larger than this, in pixels of its long side. */
const FRAME = 640;
/** Pictures are read no larger than this many pixels: phones refuse larger canvases. */
const PICTURE = 16_000_000;
/** The part of a picture's short side that is taken for a face where none was found. */
const MIDDLE = 0.8;
const MEASURED = 9;

/** What an open model brings with it. */
interface Opened {
  readonly live: LiveRecognizer;
  readonly reader: FaceReader;
}

type Handlers = { [K in Kind]: (request: Calls[K]["request"]) => Promise<Calls[K]["reply"]> };

class Engine implements Handlers {
  private detector: Promise<FaceDetector> | null = null;
  private readonly networks = new Map<string, OpenModel>();
  private opened: Opened | null = null;
  private models: Calls["open"]["request"] | null = null;
  /** The crops of the picture inspected last. */
  private inspected: readonly Crop[] | null = null;
  private canvas: OffscreenCanvasRenderingContext2D | null = null;

  async warm(): Promise<null> {
    await this.detectorReady();
    return null;
  }

  async open({ model, gate, native = true }: Calls["open"]["request"]): Promise<null> {
    const detector = await this.detectorReady();
    const network = await this.network(model, native);
    const judge = gate && (await this.network(gate, native));
    const reader = new FaceReader(network, judge);
    this.opened = { live: new LiveRecognizer(detector, reader), reader };
    this.models = { model, gate, native };
    for (const [key, open] of this.networks) {
      if (open === network || open === judge) continue;
      this.networks.delete(key);
      await open.network.close();
    }
    return null;
  }

  async frame({ bitmap, time, options, adjust }: Calls["frame"]["request"]): Promise<FrameResult> {
    const { live } = this.ready();
    const start = performance.now();
    const { width, height } = sizeOf(bitmap);
    const shrink = Math.min(1, FRAME / Math.max(width, height));
    const pixels = this.pixels(bitmap, shrink, adjust);
    const grab = performance.now() - start;
    const result = await live.frame(pixels, time, options);
    return { ...result, width: pixels.width, height: pixels.height, steps: { ...result.steps, grab } };
  }

  async forget(): Promise<null> {
    if (this.models) await this.open(this.models);
    return null;
  }

  async inspect({ bitmap, adjust }: Calls["inspect"]["request"]): Promise<InspectResult> {
    const { reader } = this.ready();
    const { framing } = reader.model;
    const detector = await this.detectorReady();
    const shrink = Math.min(1, Math.sqrt(PICTURE / (bitmap.width * bitmap.height)));
    const pixels = this.pixels(bitmap, shrink, adjust);
    const { width, height } = pixels;
    const detections = await detector.detect(pixels);
    const faces = detections.map((found) => ({ box: found.box, score: found.score, square: framing.square(found) }));
    const crops = detections.map((found) => reader.cropFace(pixels, found, found.score));
    if (!faces.length) {
      const whole = middle(width, height);
      faces.push({ ...whole, score: 0 });
      crops.push(reader.cropSquare(pixels, whole.square));
    }
    this.inspected = crops;
    const verdicts = await reader.judge(crops);
    return {
      width,
      height,
      found: detections.length > 0,
      faces: faces.map((face, i) => ({ ...face, id: i + 1, verdict: verdicts[i]! })),
    };
  }

  async read({ evenly = false }: Calls["read"]["request"]): Promise<Calls["read"]["reply"]> {
    const { reader } = this.ready();
    if (!this.inspected) throw new FaultError("engine", "read before inspect");
    return (await reader.read(this.inspected, evenly)).map(({ reading }) => reading);
  }

  async measure(): Promise<number> {
    const { network, size } = this.ready().reader.model;
    const face = [new Uint8Array(size * size).fill(128)];
    await network.run(face);
    const times: number[] = [];
    for (let i = 0; i < MEASURED; i++) {
      const start = performance.now();
      await network.run(face);
      times.push(performance.now() - start);
    }
    return times.sort((one, other) => one - other)[MEASURED >> 1]!;
  }

  private ready(): Opened {
    if (!this.opened) throw new FaultError("engine", "no model is open");
    return this.opened;
  }

  private detectorReady(): Promise<FaceDetector> {
    this.detector ??= Promise.all([openAsset(frontUrl, FRONT_SIZE), openAsset(backUrl, BACK_SIZE)])
      .then(([front, back]) => new FaceDetector(front, back))
      .catch((error: unknown) => {
        this.detector = null;
        throw error;
      });
    return this.detector;
  }

  private async network(model: ModelEntry, native: boolean): Promise<OpenModel> {
    const key = `${native} ${model.url}`;
    const known = this.networks.get(key);
    if (known) return known;
    const gate = gateIn(model);
    const size = Number(model.properties["input_size"]);
    const inWasm = async (): Promise<ExpressionNetwork> => {
      const file = await fetchModel(model, (loaded) => post({ progress: { url: model.url, loaded } }));
      return openExpressionNetwork(file, size);
    };
    const phone = native ? await openNative(model) : null;
    const network = phone ? withSpare(phone, inWasm) : await inWasm();
    const framing = Framing.fromText(model.properties["crop"]!);
    const open = { network, size, framing, classes: classesOf(model), prior: priorOf(model.properties), gate };
    this.networks.set(key, open);
    return open;
  }

  /** The picture's pixels, upright as the bitmap is; the bitmap is closed. */
  private pixels(bitmap: ImageBitmap | VideoFrame, shrink: number, adjust: Adjustment | undefined): Pixels {
    const size = sizeOf(bitmap);
    const width = Math.max(1, Math.round(size.width * shrink));
    const height = Math.max(1, Math.round(size.height * shrink));
    let context = this.canvas;
    if (context?.canvas.width !== width || context.canvas.height !== height) {
      // Read back every time: kept in main memory, a canvas spares the way through the graphics card.
      context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
      context.imageSmoothingQuality = "medium";
      // What is transparent shows as white, as in Python.
      context.fillStyle = "white";
      this.canvas = context;
    }
    context.fillRect(0, 0, width, height);
    context.drawImage(bitmap, 0, 0, width, height);
    bitmap.close();
    const pixels = context.getImageData(0, 0, width, height);
    return adjust ? adjusted(pixels, adjust) : pixels;
  }
}

function sizeOf(bitmap: ImageBitmap | VideoFrame): { readonly width: number; readonly height: number } {
  return "displayWidth" in bitmap ? { width: bitmap.displayWidth, height: bitmap.displayHeight } : bitmap;
}

function middle(width: number, height: number): { square: Square; box: InspectResult["faces"][number]["box"] } {
  const side = MIDDLE * Math.min(width, height);
  const [x, y] = [width / 2, height / 2];
  return {
    square: { x, y, side, roll: 0 },
    box: { left: x - side / 2, top: y - side / 2, right: x + side / 2, bottom: y + side / 2 },
  };
}

async function openAsset(url: string, size: number): ReturnType<typeof openDetector> {
  const address = new URL(url, import.meta.url);
  const response = await fetch(address).catch((error: unknown) => {
    throw new FaultError("download", String(error));
  });
  if (!response.ok) throw new FaultError("download", `${address}: status ${response.status}`);
  return openDetector(new Uint8Array(await response.arrayBuffer()), size);
}

function post(message: Message): void {
  self.postMessage(message);
}

const engine = new Engine();
/** Requests are answered one after the other: sessions take no second call while one runs. */
let queue: Promise<void> = Promise.resolve();

self.addEventListener("message", (event: MessageEvent<Request>) => {
  const { id, kind, ...request } = event.data;
  queue = queue.then(async () => {
    try {
      const handle = engine[kind] as (request: unknown) => Promise<unknown>;
      post({ id, reply: await handle.call(engine, request) });
    } catch (error) {
      const fault = error instanceof FaultError ? error.fault : "engine";
      post({ id, fault, detail: error instanceof Error ? error.message : String(error) });
    }
  });
});
