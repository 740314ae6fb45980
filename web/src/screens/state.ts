/** What the camera screen shows, as a value: what happens goes in, the next value comes out, and nothing else changes it. */
import type { Fault } from "../engine/protocol";

/** A picture or capture that holds memory until it is closed. */
export interface Closable {
  close(): void;
}

/** P: a picture; C: a picture whose faces were found. */
export type View<P, C> =
  /** The first screen. */
  | { readonly kind: "welcome" }
  /** The camera's picture, or a word on why there is none. */
  | { readonly kind: "live" }
  /** A video file. */
  | { readonly kind: "clip"; readonly file: Blob }
  /** A picture is opened, and then looked at; `picture` is null until it is open. */
  | { readonly kind: "checking"; readonly job: number; readonly picture: P | null }
  /** The picture is looked at when the model is here. */
  | { readonly kind: "waiting"; readonly picture: P }
  | { readonly kind: "still"; readonly capture: C; readonly reading: boolean; readonly read: boolean }
  /** What went wrong, in place of a picture. */
  | { readonly kind: "notice"; readonly problem: "broken" | Fault };

export interface State<P, C> {
  readonly view: View<P, C>;
  /** Where "back" leads to: the camera where it was open before, or the first screen. */
  readonly back: "welcome" | "live";
  /** The number of the face that the user chose; null for none. */
  readonly chosen: number | null;
}

export type Happening<P, C> =
  | { readonly kind: "camera-opened" }
  | { readonly kind: "camera-closed" }
  | { readonly kind: "clip-chosen"; readonly file: Blob }
  | { readonly kind: "picture-coming"; readonly job: number }
  | { readonly kind: "picture-opened"; readonly job: number; readonly picture: P }
  | { readonly kind: "no-model"; readonly job: number }
  | { readonly kind: "found"; readonly job: number; readonly capture: C }
  | { readonly kind: "failed"; readonly job: number; readonly problem: "broken" | Fault }
  | { readonly kind: "live-failed"; readonly problem: Fault }
  | { readonly kind: "reading"; readonly capture: C }
  | { readonly kind: "was-read"; readonly capture: C }
  | { readonly kind: "not-read"; readonly capture: C; readonly problem: Fault }
  | { readonly kind: "face-chosen"; readonly id: number | null }
  | { readonly kind: "back" }
  /** The browser's own "back": to the first screen. */
  | { readonly kind: "home" };

export function first<P, C>(): State<P, C> {
  return { view: { kind: "welcome" }, back: "welcome", chosen: null };
}

/** The state after something happened; the same one where it comes too late to matter. */
export function next<P, C>(state: State<P, C>, happening: Happening<P, C>): State<P, C> {
  const { view } = state;
  const show = (shown: View<P, C>, part: Partial<State<P, C>> = {}): State<P, C> => ({ ...state, ...part, view: shown });
  switch (happening.kind) {
    case "camera-opened":
      return show({ kind: "live" }, { back: "live", chosen: null });
    case "camera-closed":
    case "home":
      return first();
    case "clip-chosen":
      return show({ kind: "clip", file: happening.file }, { chosen: null });
    case "picture-coming":
      return show({ kind: "checking", job: happening.job, picture: null }, { chosen: null });
    case "live-failed":
      return view.kind === "live" || view.kind === "clip" ? show({ kind: "notice", problem: happening.problem }) : state;
    case "face-chosen":
      return { ...state, chosen: happening.id };
    case "back":
      return show({ kind: state.back }, { chosen: null });
    case "reading":
    case "was-read":
    case "not-read":
      if (view.kind !== "still" || view.capture !== happening.capture) return state;
      if (happening.kind === "not-read") return show({ kind: "notice", problem: happening.problem });
      return show({ ...view, reading: happening.kind === "reading", read: view.read || happening.kind === "was-read" });
    default:
      if (view.kind !== "checking" || view.job !== happening.job) return state;
      return show(checked(view, happening));
  }
}

/** What comes of a picture that is being looked at. */
function checked<P, C>(
  view: Extract<View<P, C>, { kind: "checking" }>,
  happening: Extract<Happening<P, C>, { job: number }>,
): View<P, C> {
  if (happening.kind === "picture-opened") return { ...view, picture: happening.picture };
  if (happening.kind === "no-model") return view.picture === null ? view : { kind: "waiting", picture: view.picture };
  if (happening.kind === "found") return { kind: "still", capture: happening.capture, reading: false, read: false };
  return happening.kind === "failed" ? { kind: "notice", problem: happening.problem } : view;
}

/** The pictures and captures of a view. */
function held<P extends Closable, C extends Closable & { readonly picture: P }>(view: View<P, C>): Set<Closable> {
  const all: (Closable | null)[] = [];
  if (view.kind === "checking" || view.kind === "waiting") all.push(view.picture);
  if (view.kind === "still") all.push(view.capture.picture);
  return new Set(all.filter((one) => one !== null));
}

/** The pictures that one view held and the next one does not: they are to be closed. */
export function released<P extends Closable, C extends Closable & { readonly picture: P }>(before: View<P, C>, after: View<P, C>): Closable[] {
  const kept = held(after);
  return [...held(before)].filter((one) => !kept.has(one));
}

/** Whether the camera has to be open. */
export function needsCamera<P, C>({ view }: State<P, C>): boolean {
  return view.kind === "live";
}
