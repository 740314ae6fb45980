import { describe, expect, it } from "vitest";
import type { ReadFace } from "../src/recognition/faces";
import { sizeToOpen, MOST } from "../src/pictures";
import { adjusted } from "../src/engine/adjusting";
import { evened, priorOf } from "../src/recognition/prior";
import { STEP, Timeline } from "../src/timeline";
import type { Moment } from "../src/timeline";

const face = (share: number): ReadFace => ({
  id: 1,
  place: share > 0.5 ? 0 : null,
  box: { left: 0, top: 1, right: 2, bottom: 3 },
  square: { x: 0, y: 0, side: 1, roll: 0 },
  score: 1,
  verdict: "known",
  reading: { probabilities: Float32Array.of(share, 1 - share), map: { scores: new Float32Array(2), rows: 1, columns: 1 } },
});
const at = (time: number, share = 0.75): Moment => ({ time, face: face(share), faces: [face(share)] });
const times = (timeline: Timeline): number[] => timeline.all.map(({ time }) => time);

describe("Timeline", () => {
  it("keeps moments apart, without their maps, and only the newest", () => {
    const timeline = new Timeline(2);
    for (let i = 0; i < 100; i++) timeline.add(at(i / 20));
    expect(times(timeline).every((time, i, all) => i === 0 || time - all[i - 1]! >= STEP - 1e-9)).toBe(true);
    expect(timeline.all.at(-1)!.time - timeline.all[0]!.time).toBeLessThanOrEqual(2);
    expect(timeline.all[0]!.face!.reading.map).toBeNull();
  });

  it("stays in order when a video is turned back", () => {
    const timeline = new Timeline(Infinity);
    for (const time of [0, 1, 2, 0.5, 1.5, 0.99]) timeline.add(at(time));
    expect(times(timeline)).toEqual([0, 0.5, 0.99, 1.5, 2]);
  });

  it("finds the nearest moment", () => {
    const timeline = new Timeline(10);
    expect(timeline.at(1)).toBeNull();
    for (const time of [0, 1, 2]) timeline.add(at(time));
    expect(timeline.at(1.4)!.time).toBe(1);
  });

  it("is a table with a row a face, and one for a moment without any", () => {
    const timeline = new Timeline(10);
    timeline.add({ time: 5, face: null, faces: [] });
    timeline.add(at(6));
    timeline.add(at(7, 0.5));
    expect(timeline.table(["happy", 'so "so"']).split("\r\n")).toEqual([
      'time_s,face,expression,verdict,left,top,right,bottom,happy,"so ""so"""',
      "0.00,,,,,,,,,",
      "1.00,1,happy,known,0.0,1.0,2.0,3.0,0.7500,0.2500",
      "2.00,1,,known,0.0,1.0,2.0,3.0,0.5000,0.5000",
      "",
    ]);
  });
});

describe("pictures", () => {
  it("are opened no larger than a phone can hold, and in their shape", () => {
    expect(sizeToOpen(640, 480)).toEqual({ width: 640, height: 480 });
    const { width, height } = sizeToOpen(12000, 8333);
    expect(width * height).toBeLessThanOrEqual(MOST);
    expect(width / height).toBeCloseTo(12000 / 8333, 2);
    expect(sizeToOpen(60000, 1)).toEqual({ width: 60000, height: 1 });
  });

  it("are made brighter and starker on request alone", () => {
    const pixels = (): { data: Uint8ClampedArray } => ({ data: Uint8ClampedArray.of(100, 128, 200, 7) });
    expect([...adjusted(pixels(), { brightness: 1, contrast: 1 }).data]).toEqual([100, 128, 200, 7]);
    expect([...adjusted(pixels(), { brightness: 2, contrast: 1 }).data]).toEqual([200, 255, 255, 7]);
    expect([...adjusted(pixels(), { brightness: 1, contrast: 2 }).data]).toEqual([72, 128, 255, 7]);
  });
});

describe("evened", () => {
  it("takes out how frequent a class was, and keeps the sum", () => {
    const [disgust, happy] = evened(Float32Array.of(436 / 7651, 7215 / 7651), priorOf({ classes: "disgust,happy" }));
    expect(disgust).toBeCloseTo(0.5, 5);
    expect(happy).toBeCloseTo(0.5, 5);
  });

  it("takes a model's own word on how frequent its classes were", () => {
    const prior = priorOf({ classes: "calm,tense", class_prior: "0.75,0.25" });
    expect([...evened(Float32Array.of(0.75, 0.25), prior)]).toEqual([0.5, 0.5]);
    expect(priorOf({ classes: "calm,tense", class_prior: "0.75" })).toBeNull();
    expect(priorOf({ classes: "calm,tense", class_prior: "1,0" })).toBeNull();
  });

  it("changes nothing for classes that it does not know", () => {
    const probabilities = Float32Array.of(0.3, 0.7);
    expect(evened(probabilities, priorOf({ classes: "happy,contempt" }))).toBe(probabilities);
  });
});
