import { describe, expect, it } from "vitest";
import { coloursOf, faceAt, onCanvas } from "../src/drawing";
import type { FoundFace } from "../src/recognition/faces";

const box = { left: 10, top: 20, right: 30, bottom: 50 };
const face = (id: number, left: number, side: number): FoundFace => ({
  id,
  box: { left, top: 0, right: left + side, bottom: side },
  square: { x: 0, y: 0, side: 1, roll: 0 },
  score: 1,
  verdict: "known",
});

describe("onCanvas", () => {
  it("scales a box", () => {
    expect(onCanvas(box, { scale: 2, mirrored: false, width: 200 })).toEqual({ left: 20, top: 40, right: 60, bottom: 100 });
  });

  it("swaps left and right where the picture is mirrored, and nothing else", () => {
    expect(onCanvas(box, { scale: 2, mirrored: true, width: 200 })).toEqual({ left: 140, top: 40, right: 180, bottom: 100 });
  });
});

describe("faceAt", () => {
  const faces = [face(1, 0, 60), face(2, 20, 20)];

  it("finds the face under a finger, the smaller where two overlap", () => {
    const view = { scale: 1, mirrored: false, width: 100 };
    expect(faceAt(faces, { x: 5, y: 5 }, view)).toBe(1);
    expect(faceAt(faces, { x: 25, y: 5 }, view)).toBe(2);
    expect(faceAt(faces, { x: 90, y: 5 }, view)).toBeNull();
  });

  it("finds it where it is seen in a mirrored picture", () => {
    expect(faceAt(faces, { x: 75, y: 5 }, { scale: 1, mirrored: true, width: 100 })).toBe(2);
    expect(faceAt(faces, { x: 25, y: 5 }, { scale: 1, mirrored: true, width: 100 })).toBeNull();
  });
});

describe("coloursOf", () => {
  it("gives classes that it does not know the colours that Python gives them, no two alike", () => {
    const classes = ["calm", "happy", "tense", "bored", "contempt", "shy"];
    expect(coloursOf(classes)).toEqual(["#36a18d", "#e0a526", "#c79257", "#402b82", "#b0568c", "#3ba136"]);
    expect(new Set(coloursOf(Array.from({ length: 30 }, (_, i) => `c${i}`))).size).toBe(30);
  });
});
