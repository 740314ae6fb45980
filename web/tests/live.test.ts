import { describe, expect, it, vi } from "vitest";
import { FaceDetector } from "../src/recognition/detection";
import type { DetectionNetwork } from "../src/recognition/detection";
import type { FrameOptions, FrameReading } from "../src/recognition/faces";
import { Framing } from "../src/recognition/framing";
import { overlap } from "../src/recognition/geometry";
import type { Detection, Pixels } from "../src/recognition/geometry";
import { LiveRecognizer } from "../src/recognition/live";
import type { Outputs } from "../src/recognition/model";
import type { Pyramid } from "../src/recognition/pyramid";
import type { Gate } from "../src/recognition/gate";
import { FaceReader } from "../src/recognition/reader";
import type { OpenModel } from "../src/recognition/reader";
import { golden, pixels } from "./golden";

const OPTIONS: FrameOptions = { smooth: true, memory: 0.35, map: false, faces: 10, clear: null, evenly: false, chosen: null };
const blind: DetectionNetwork = async () => ({ scores: [], places: [] });

/** A detector that sees what it is told to. */
class Told extends FaceDetector {
  faces: Detection[] = [];
  searches = 0;
  looks = 0;

  constructor() {
    super(blind, blind);
  }

  override async candidates(): Promise<Detection[]> {
    this.searches += 1;
    return this.faces;
  }

  override async refine(_: Pyramid, { box }: Detection): Promise<Detection | null> {
    this.looks += 1;
    return this.faces.find((face) => overlap(face.box, box) >= 0.3) ?? null;
  }
}

function face(x: number, side: number): Detection {
  const landmarks = [2, 3, 4, 5, 6, 7].map((i) => ({ x: x + (i % 2) * side, y: (i * side) / 8 }));
  return { box: { left: x, top: 0, right: x + side, bottom: side }, score: 1, landmarks };
}

const FRAMING = Framing.fromText(golden.framing);
/** Strange is what is more unlike than 0, whatever the detector says. */
const GATE: Gate = { cut: 0, found: 0, doubt_scale: 0, doubt_offset: 0, covered: 5, far: 9 };

function scores(unlike: number): Float32Array {
  return Float32Array.of(0, unlike, 0);
}

/** What a frame with faces of these sizes looks like: a network that is told what to answer. */
class Scene {
  readonly detector = new Told();
  readonly recognizer: LiveRecognizer;
  reads = 0;
  /** Of the faces of one call. */
  calls: number[] = [];
  time = 0;
  /** Seconds a frame. */
  step = 1 / 30;
  answer: (read: number) => Partial<Outputs> = () => ({});

  /** gate: which the reading model has itself; judge: another model that has one; together: of the network. */
  constructor(gate: Gate | null = null, judge: OpenModel | null = null, together = 1) {
    const network = {
      together,
      run: async (faces: readonly Uint8Array[]): Promise<Outputs[]> => {
        this.calls.push(faces.length);
        return faces.map(() => {
          this.reads += 1;
          return { probabilities: Float32Array.of(0.8, 0.2), map: null, novelty: null, ...this.answer(this.reads) };
        });
      },
      close: async () => {},
    };
    const model = { network, size: 48, framing: FRAMING, classes: ["one", "other"], prior: null, gate };
    this.recognizer = new LiveRecognizer(this.detector, new FaceReader(model, judge ?? (gate && model)));
  }

  /** The next frame. */
  async frame(options: Partial<FrameOptions> = {}, picture: Pixels = grey(90)): Promise<FrameReading> {
    this.time += this.step;
    return this.recognizer.frame(picture, this.time, { ...OPTIONS, ...options });
  }

  async frames(count: number, options: Partial<FrameOptions> = {}): Promise<FrameReading[]> {
    const all: FrameReading[] = [];
    for (let i = 0; i < count; i++) all.push(await this.frame(options));
    return all;
  }
}

/** Stripes about a level of grey: something that a face can look like. */
function grey(value: number): Pixels {
  return pixels(640, 48, Uint8Array.from({ length: 640 * 48 * 3 }, (_, i) => value + Math.floor(i / 1920)));
}

/** Another model with a gate, to which every face is strange; `calls` holds the faces of each call. */
function judge(): { readonly model: OpenModel; readonly calls: number[] } {
  const calls: number[] = [];
  const network = {
    together: 8,
    run: async (faces: readonly Uint8Array[]): Promise<Outputs[]> => {
      calls.push(faces.length);
      return faces.map(() => ({ probabilities: Float32Array.of(1, 0), map: null, novelty: scores(1) }));
    },
    close: async () => {},
  };
  return { model: { network, size: 48, framing: FRAMING, classes: ["one", "other"], prior: null, gate: GATE }, calls };
}

/** How often a value is another one than in the frame before. */
function changes(frames: readonly FrameReading[], value: (frame: FrameReading) => unknown): number {
  return frames.filter((frame, i) => i > 0 && value(frame) !== value(frames[i - 1]!)).length;
}

describe("LiveRecognizer", () => {
  it("shows all faces, largest first, with two looks and one reading a frame however many there are", async () => {
    const scene = new Scene();
    scene.detector.faces = [face(0, 10), face(100, 40), face(200, 20), face(300, 30), face(400, 15), face(500, 12)];
    await scene.frames(20);
    const { faces } = await scene.frame();
    expect(faces.map(({ box }) => box.left)).toEqual([100, 300, 200, 400, 500, 0]);
    const [looks, reads] = [scene.detector.looks, scene.reads];
    await scene.frames(5);
    expect(scene.detector.looks - looks).toBeLessThanOrEqual(10);
    expect(scene.reads - reads).toBe(5);
  });

  it("reads the main face every other frame, and each of the others in turn", async () => {
    const scene = new Scene();
    scene.detector.faces = [face(0, 10), face(100, 40), face(200, 20)];
    await scene.frames(20);
    scene.answer = (read) => ({ probabilities: Float32Array.of(read, 0) });
    const seen = new Map<number, Set<number>>();
    for (const { faces } of await scene.frames(8, { smooth: false })) {
      for (const { id, reading } of faces) seen.set(id, (seen.get(id) ?? new Set()).add(reading.probabilities[0]!));
    }
    const readings = [2, 3, 1].map((id) => [...seen.get(id)!].filter((value) => value > 1).length);
    expect(readings).toEqual([4, 2, 2]);
  });

  it("searches the whole frame at first, while no face is in sight, and then only now and again", async () => {
    const scene = new Scene();
    for (const { faces, main } of await scene.frames(3)) expect([faces, main]).toEqual([[], null]);
    expect(scene.detector.searches).toBe(3);
    scene.detector.faces = [face(0, 10)];
    await scene.frames(30);
    expect(scene.detector.searches).toBe(3 + 1 + 2);
  });

  it("says how much a frame differs from the last one", async () => {
    const scene = new Scene();
    expect((await scene.frame()).change).toBe(Infinity);
    expect((await scene.frame()).change).toBe(0);
    expect((await scene.frame({}, grey(100))).change).toBe(10);
  });

  it("believes a face that was seen twice", async () => {
    const scene = new Scene();
    scene.detector.faces = [face(0, 10)];
    expect((await scene.frame()).faces).toEqual([]);
    expect((await scene.frame()).faces).toHaveLength(1);
  });

  it("keeps one of two equal faces as the main one while their sizes tremble", async () => {
    const scene = new Scene();
    const all: FrameReading[] = [];
    for (let i = 0; i < 90; i++) {
      scene.detector.faces = [face(0, 30 + (i % 2)), face(200, 31 - (i % 2))];
      all.push(await scene.frame());
    }
    expect(changes(all, ({ main }) => main?.id)).toBe(1);
  });

  it("takes the face that the user chose at once, and the larger one again when that one is long gone", async () => {
    const scene = new Scene();
    scene.detector.faces = [face(0, 40), face(200, 20)];
    await scene.frames(40);
    const [small] = (await scene.frame()).faces.filter(({ box }) => box.left === 200);
    expect((await scene.frame({ chosen: small!.id })).main!.id).toBe(small!.id);
    scene.detector.faces = [face(0, 40)];
    const [last] = (await scene.frames(70, { chosen: small!.id })).slice(-1);
    expect(last!.main!.box.left).toBe(0);
  });

  it("does not let a face that is found in every fourth frame come and go", async () => {
    const scene = new Scene();
    const all: FrameReading[] = [];
    for (let i = 0; i < 120; i++) {
      scene.detector.faces = i % 4 ? [] : [face(0, 40)];
      all.push(await scene.frame());
    }
    expect(changes(all.slice(10), ({ main }) => main === null)).toBe(0);
    expect(changes(all.slice(10), ({ faces }) => faces.length)).toBe(0);
  });

  it("does not let the gate's word flip when faces of two kinds alternate", async () => {
    const scene = new Scene(GATE);
    scene.detector.faces = [face(0, 40)];
    scene.answer = (read) => ({ novelty: scores(Math.floor(read / 3) % 2 ? 1 : -1) });
    const all = await scene.frames(150);
    expect(changes(all.slice(2), ({ main }) => main?.verdict)).toBeLessThanOrEqual(1);
    scene.answer = () => ({ novelty: scores(1) });
    expect((await scene.frames(60)).at(-1)!.main!.verdict).toBe("strange");
  });

  it("judges a face along with its reading, and does not run the model again for that", async () => {
    const scene = new Scene(GATE);
    scene.detector.faces = [face(0, 40)];
    scene.answer = () => ({ novelty: scores(-1) });
    const all = await scene.frames(31);
    expect(all.at(-1)!.main!.verdict).toBe("known");
    expect(scene.reads).toBe(30);
  });

  it("asks another model's gate at every sixth reading", async () => {
    const gate = judge();
    const scene = new Scene(null, gate.model);
    scene.detector.faces = [face(0, 40)];
    const all = await scene.frames(31);
    expect(all.at(-1)!.main!.verdict).toBe("strange");
    expect([scene.reads, gate.calls]).toEqual([30, [1, 1, 1, 1, 1]]);
  });

  it("reads all faces that it sees in one call where the engine takes several, and asks the gate about them in one", async () => {
    const gate = judge();
    const scene = new Scene(null, gate.model, 8);
    scene.detector.faces = [face(0, 10), face(100, 40), face(200, 20)];
    const { faces } = (await scene.frames(9)).at(-1)!;
    expect(faces.map(({ box, verdict }) => [box.left, verdict])).toEqual([[100, "strange"], [200, "strange"], [0, "strange"]]);
    // With two looks a frame, the third face was seen twice one frame later.
    expect(scene.calls).toEqual([2, 3, 3, 3, 3, 3, 3, 3]);
    expect(gate.calls).toEqual([2, 1, 2, 1]);
  });

  it("reads no more faces of a frame than the engine takes at once, and each in turn", async () => {
    const scene = new Scene(null, null, 2);
    scene.detector.faces = [face(0, 10), face(100, 40), face(200, 20), face(300, 30)];
    await scene.frames(20);
    scene.answer = (read) => ({ probabilities: Float32Array.of(read, 0) });
    const before = scene.reads;
    const seen = new Map<number, Set<number>>();
    for (const { faces } of await scene.frames(6, { smooth: false })) {
      for (const { id, reading } of faces) seen.set(id, (seen.get(id) ?? new Set()).add(reading.probabilities[0]!));
    }
    const readings = [...seen.values()].map((shares) => [...shares].filter((share) => share > before).length);
    expect(readings.sort()).toEqual([2, 2, 2, 6]);
    expect(Math.max(...scene.calls)).toBe(2);
  });

  it("reads one face of a frame, and more again when it can, where the engine is slow", async () => {
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => now);
    let [each, scene] = [20, new Scene(null, null, 8)];
    scene.answer = () => ((now += each), {});
    scene.detector.faces = [face(0, 10), face(100, 40), face(200, 20)];
    await scene.frames(6);
    expect(scene.calls).toEqual([2, 1, 1, 1, 1]);
    each = 12;
    await scene.frames(3);
    expect(scene.calls.slice(5)).toEqual([1, 2, 2]);
    vi.restoreAllMocks();
  });

  it("notices on a slow device too that a face beside the main one has gone", async () => {
    const scene = new Scene();
    scene.step = 0.5;
    scene.detector.faces = [face(0, 40), face(200, 30), face(400, 20)];
    await scene.frames(8);
    expect((await scene.frame()).faces).toHaveLength(3);
    scene.detector.faces = [face(0, 40)];
    expect((await scene.frames(7)).at(-1)!.faces).toHaveLength(1);
  });

  it("lets a face that leaves and comes back within two seconds keep its number", async () => {
    const scene = new Scene();
    scene.detector.faces = [face(0, 40)];
    const [before] = (await scene.frames(10)).slice(-1);
    scene.detector.faces = [];
    await scene.frames(54);
    scene.detector.faces = [face(30, 40)];
    expect((await scene.frames(40)).at(-1)!.main!.id).toBe(before!.main!.id);
  });

  it("says what the model says in every frame when readings are not to be steady", async () => {
    const scene = new Scene();
    scene.detector.faces = [face(0, 40)];
    scene.answer = (read) => ({ probabilities: read % 2 ? Float32Array.of(0.9, 0.1) : Float32Array.of(0.1, 0.9) });
    expect(changes((await scene.frames(32, { smooth: false })).slice(2), ({ main }) => main?.place)).toBe(29);
    expect(changes((await scene.frames(30)).slice(2), ({ main }) => main?.place)).toBeLessThanOrEqual(1);
  });
});
