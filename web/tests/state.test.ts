import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { actionsOf } from "../src/screens/actions";
import { first, needsCamera, next, released } from "../src/screens/state";
import type { Closable, Happening, State } from "../src/screens/state";

class Picture implements Closable {
  closed = false;
  close(): void {
    this.closed = true;
  }
}
class Found extends Picture {
  readonly picture: Picture;
  constructor(picture: Picture) {
    super();
    this.picture = picture;
  }
}
type S = State<Picture, Found>;
type H = Happening<Picture, Found>;

const after = (...happenings: H[]): S => happenings.reduce<S>((state, happening) => next(state, happening), first());
const picture = new Picture();
const capture = new Found(picture);
const taken: H[] = [
  { kind: "camera-opened" },
  { kind: "picture-coming", job: 1 },
  { kind: "picture-opened", job: 1, picture },
  { kind: "found", job: 1, capture },
];

describe("the camera screen's state", () => {
  it("leads from the camera to a picture that was read, and back to the camera", () => {
    expect(after(...taken.slice(0, 2)).view).toEqual({ kind: "checking", job: 1, picture: null });
    expect(after(...taken.slice(0, 3)).view).toEqual({ kind: "checking", job: 1, picture });
    expect(after(...taken).view).toEqual({ kind: "still", capture, reading: false, read: false });
    expect(after(...taken, { kind: "reading", capture }).view).toMatchObject({ reading: true, read: false });
    expect(after(...taken, { kind: "reading", capture }, { kind: "was-read", capture }).view).toMatchObject({ reading: false, read: true });
    expect(after(...taken, { kind: "back" }).view).toEqual({ kind: "live" });
  });

  it("leads back to the first screen where the camera was not open, and by the browser's own way always", () => {
    expect(after(...taken.slice(1), { kind: "back" }).view).toEqual({ kind: "welcome" });
    expect(after(...taken, { kind: "home" })).toEqual(first());
    expect(after({ kind: "camera-opened" }, { kind: "camera-closed" })).toEqual(first());
  });

  it("needs the camera for its own picture alone: a still one stops it", () => {
    expect(needsCamera(after({ kind: "camera-opened" }))).toBe(true);
    for (let count = 2; count <= taken.length; count++) expect(needsCamera(after(...taken.slice(0, count)))).toBe(false);
    expect(needsCamera(after({ kind: "clip-chosen", file: new Blob() }))).toBe(false);
  });

  it("takes no notice of what comes late", () => {
    const newer = after(...taken, { kind: "picture-coming", job: 2 });
    const late: H[] = [
      { kind: "picture-opened", job: 1, picture },
      { kind: "found", job: 1, capture },
      { kind: "no-model", job: 1 },
      { kind: "failed", job: 1, problem: "broken" },
      { kind: "was-read", capture },
      { kind: "not-read", capture, problem: "engine" },
      { kind: "live-failed", problem: "engine" },
    ];
    for (const happening of late) expect(next(newer, happening)).toBe(newer);
  });

  it("lets a picture wait for a model, and says what went wrong", () => {
    expect(after(...taken.slice(0, 3), { kind: "no-model", job: 1 }).view).toEqual({ kind: "waiting", picture });
    expect(after(...taken.slice(0, 2), { kind: "failed", job: 1, problem: "broken" }).view).toEqual({ kind: "notice", problem: "broken" });
    expect(after({ kind: "camera-opened" }, { kind: "live-failed", problem: "damaged" }).view).toEqual({ kind: "notice", problem: "damaged" });
    expect(after(...taken, { kind: "not-read", capture, problem: "engine" }).view).toEqual({ kind: "notice", problem: "engine" });
  });

  it("forgets the chosen face with the picture it was chosen in", () => {
    const chosen = after({ kind: "camera-opened" }, { kind: "face-chosen", id: 3 });
    expect(chosen.chosen).toBe(3);
    expect(next(chosen, { kind: "picture-coming", job: 1 }).chosen).toBeNull();
    expect(next(next(chosen, { kind: "camera-opened" }), { kind: "back" }).chosen).toBeNull();
  });

  it("closes every picture exactly once, whatever happens", () => {
    const step = fc.record({ what: fc.nat(12), job: fc.integer({ min: 1, max: 3 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let state: S = first();
        const opened: Picture[] = [];
        const go = (happening: H): void => {
          const then = next(state, happening);
          for (const one of released(state.view, then.view)) {
            expect((one as Picture).closed).toBe(false);
            one.close();
          }
          state = then;
        };
        for (const { what, job } of steps) {
          const { view } = state;
          if (what === 0) go({ kind: "camera-opened" });
          if (what === 1) go({ kind: "picture-coming", job });
          if (what === 2 && view.kind === "checking" && !view.picture) {
            opened.push(new Picture());
            go({ kind: "picture-opened", job: view.job, picture: opened.at(-1)! });
          }
          if (what === 3 && view.kind === "checking" && view.picture) go({ kind: "found", job: view.job, capture: new Found(view.picture) });
          if (what === 4) go({ kind: "no-model", job });
          if (what === 5) go({ kind: "failed", job, problem: "broken" });
          if (what === 6) go({ kind: "back" });
          if (what === 7) go({ kind: "home" });
          if (what === 8 && view.kind === "still") go({ kind: "reading", capture: view.capture });
          if (what === 9 && view.kind === "still") go({ kind: "was-read", capture: view.capture });
          if (what === 10 && view.kind === "still") go({ kind: "not-read", capture: view.capture, problem: "engine" });
          if (what === 11) go({ kind: "clip-chosen", file: new Blob() });
          if (what === 12) go({ kind: "face-chosen", id: job });
        }
        go({ kind: "home" });
        expect(opened.every(({ closed }) => closed)).toBe(true);
      }),
    );
  });
});

describe("what can be done", () => {
  const still = (check: string, happenings: H[]): S => after(...taken.slice(0, 3), { kind: "found", job: 1, capture: Object.assign(capture, { check }) }, ...happenings);
  const read: H[] = [{ kind: "reading", capture }, { kind: "was-read", capture }];
  const shown = (state: S, cameraOn = true, canShare = false): unknown => actionsOf(state as State<Picture, Found & { check: string }>, cameraOn, canShare);

  it("always has the shutter under the camera's picture", () => {
    expect(shown(after({ kind: "camera-opened" }))).toEqual({ shown: ["gallery", "shutter", "more"], waiting: [] });
    expect(shown(after({ kind: "camera-opened" }), false)).toMatchObject({ waiting: ["shutter"] });
  });

  it("lets a picture be saved that was read, and tried that was refused", () => {
    expect(shown(still("accepted", []))).toEqual({ shown: ["back", "save"], waiting: ["save"] });
    expect(shown(still("strange", []))).toEqual({ shown: ["back", "try", "gallery"], waiting: [] });
    expect(shown(still("strange", read.slice(0, 1)))).toEqual({ shown: ["back", "save"], waiting: ["save"] });
    expect(shown(still("strange", read))).toEqual({ shown: ["back", "save", "gallery", "more"], waiting: [] });
    expect(shown(still("accepted", read), true, true)).toMatchObject({ shown: ["back", "save", "share", "gallery", "more"] });
  });

  it("has a way back everywhere else", () => {
    for (const state of [after(...taken.slice(0, 2)), after({ kind: "clip-chosen", file: new Blob() })]) {
      expect((shown(state) as { shown: string[] }).shown[0]).toBe("back");
    }
  });
});
