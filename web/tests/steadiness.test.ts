import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PLAIN, named, strongest } from "../src/recognition/clarity";
import type { ReadFace, Verdict } from "../src/recognition/faces";
import { DWELL, Headline, MainFace, Steady, SteadyExpression, SteadyVerdict } from "../src/recognition/steadiness";

const box = (side: number): ReadFace["box"] => ({ left: 0, top: 0, right: side, bottom: side });

/** The times, in seconds, at which a value that is asked for 30 times a second became another one. */
function changed<T>(seconds: number, value: (time: number) => T): number[] {
  const times: number[] = [];
  let last = value(0);
  for (let i = 1; i < seconds * 30; i++) {
    const now = value(i / 30);
    if (now !== last) times.push(i / 30);
    last = now;
  }
  return times;
}

describe("Steady", () => {
  it("never changes twice within a second, whatever it is told", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { minLength: 60, maxLength: 200 }), (wanted) => {
        const steady = new Steady(0);
        const times = changed(wanted.length / 30, (time) => steady.next(wanted[Math.round(time * 30)]!, time));
        times.slice(1).forEach((time, i) => expect(time - times[i]!).toBeGreaterThanOrEqual(DWELL - 1e-9));
      }),
    );
  });

  it("changes at once when it has stood for a second", () => {
    const steady = new Steady("a");
    expect(steady.next("b", 10)).toBe("b");
    expect(steady.next("c", 10.9)).toBe("b");
    expect(steady.next("c", 11)).toBe("c");
  });
});

describe("SteadyExpression", () => {
  it("names the strongest class, and another one when it leads for a while, or by far", () => {
    const steady = new SteadyExpression();
    expect(steady.next(Float32Array.of(0.5, 0.3, 0.2), 0)).toBe(0);
    for (let i = 0; i < 60; i++) expect(steady.next(Float32Array.of(0.46, 0.48, 0.06), 5 + i / 30)).toBe(0);
    expect(steady.next(Float32Array.of(0.4, 0.5, 0.1), 8)).toBe(0);
    expect(steady.next(Float32Array.of(0.4, 0.5, 0.1), 8.6)).toBe(0);
    expect(steady.next(Float32Array.of(0.4, 0.5, 0.1), 8.75)).toBe(1);
    expect(steady.next(Float32Array.of(0.1, 0.1, 0.8), 9.8)).toBe(2);
  });

  it("keeps its word while two expressions take turns", () => {
    const steady = new SteadyExpression();
    const turns = (time: number): Float32Array => (Math.floor(time * 5.4) % 2 ? Float32Array.of(0.38, 0.6, 0.02) : Float32Array.of(0.6, 0.38, 0.02));
    expect(changed(20, (time) => steady.next(turns(time), time))).toEqual([]);
  });

  it("names none while none is clear, and not at every trembling about the border", () => {
    const flat = (most: number): Float32Array => Float32Array.of(most, ...new Array(6).fill((1 - most) / 6));
    const steady = new SteadyExpression();
    const after = (most: number, time: number): number | null => {
      steady.next(flat(most), time);
      return steady.next(flat(most), time + 0.8);
    };
    expect(steady.next(flat(PLAIN - 0.01), 0)).toBeNull();
    expect(after(PLAIN + 0.01, 2)).toBeNull();
    expect(after(PLAIN + 0.1, 4)).toBe(0);
    expect(after(PLAIN + 0.01, 6)).toBe(0);
    expect(after(PLAIN - 0.01, 8)).toBeNull();
  });
});

describe("SteadyVerdict", () => {
  it("takes the first word, keeps it while both alternate, and changes when one stays", () => {
    const steady = new SteadyVerdict();
    expect(steady.next("known", 0)).toBe("known");
    const alternating = (time: number): Verdict => (Math.floor(time * 5.4) % 2 ? "strange" : "known");
    expect(changed(20, (time) => steady.next(alternating(time), 1 + time)).length).toBeLessThanOrEqual(1);
    for (let i = 0; i < 30; i++) steady.next("strange", 22 + i / 30);
    expect(steady.next("strange", 23)).toBe("strange");
  });

  it("says covered where most of the strange readings do", () => {
    const steady = new SteadyVerdict();
    for (let i = 0; i < 30; i++) steady.next(i % 3 ? "covered" : "strange", i / 30);
    expect(steady.next("covered", 1.5)).toBe("covered");
    for (let i = 0; i < 60; i++) steady.next("strange", 2 + i / 30);
    expect(steady.next("strange", 4)).toBe("strange");
  });

  it("has no word where there is no gate", () => {
    expect(new SteadyVerdict().next("none", 0)).toBe("none");
  });
});

describe("MainFace", () => {
  it("is the largest at first, and another one only when it is clearly larger for a second", () => {
    const main = new MainFace();
    const faces = (one: number, other: number): { id: number; box: ReadFace["box"] }[] => [{ id: 1, box: box(one) }, { id: 2, box: box(other) }];
    expect(main.next(faces(41, 40), null, 0)).toBe(1);
    expect(main.next(faces(40, 44), null, 1)).toBe(1);
    expect(main.next(faces(40, 60), null, 2)).toBe(1);
    expect(main.next(faces(40, 60), null, 2.9)).toBe(1);
    expect(main.next(faces(40, 60), null, 3)).toBe(2);
  });

  it("is the chosen one for as long as it is there", () => {
    const main = new MainFace();
    const [one, other] = [{ id: 1, box: box(50) }, { id: 2, box: box(10) }];
    expect(main.next([one, other], 2, 0)).toBe(2);
    expect(main.next([one, other], 7, 1)).toBe(2);
    expect(main.next([one], 2, 2)).toBe(1);
    expect(main.next([], 2, 3)).toBeNull();
  });
});

describe("Headline", () => {
  const face = (id: number, place: number | null, share = 0.5): ReadFace => ({
    id,
    place,
    box: box(10),
    square: { x: 0, y: 0, side: 1, roll: 0 },
    score: 1,
    verdict: "known",
    reading: { probabilities: Float32Array.of(share), map: null },
  });

  it("changes at most once a second in all that it says, and its numbers at once", () => {
    const headline = new Headline();
    expect(headline.next(face(1, 0), 0, false)!.id).toBe(1);
    const held = headline.next(face(1, 3, 0.75), 0.5, false)!;
    expect([held.place, held.reading.probabilities[0]]).toEqual([0, 0.75]);
    expect(headline.next(face(2, 4), 0.6, false)!.id).toBe(1);
    expect(headline.next(null, 0.7, false)!.id).toBe(1);
    expect(headline.next(face(2, 4), 1, false)!.id).toBe(2);
    expect(headline.next(face(1, 0), 1.1, true)!.id).toBe(1);
  });
});

describe("clarity", () => {
  it("is what benchmarks/app_clarity.py measured", () => {
    const path = new URL("../../results/benchmarks/app-clarity.json", import.meta.url);
    expect(PLAIN).toBe((JSON.parse(readFileSync(path, "utf8")) as { share: number }).share);
  });

  it("names the largest share, and nothing for a grey surface's 23%", () => {
    expect(strongest([0.1, 0.7, 0.2])).toEqual({ place: 1, share: 0.7 });
    expect(named([0.1, 0.7, 0.2])).toBe(1);
    expect(named([0.23, 0.2, 0.12, 0.12, 0.11, 0.11, 0.11])).toBeNull();
  });
});
