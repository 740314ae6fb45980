/** What the page and the worker say to each other. Every request has one reply; progress comes in between. */
import type { FoundFace, FrameOptions, FrameReading, Reading, Steps } from "../recognition/faces";
import type { ModelEntry } from "./catalogue";

/** A picture before it is read: 1 leaves it as it is. */
export interface Adjustment {
  readonly brightness: number;
  readonly contrast: number;
}

export interface FrameResult extends FrameReading {
  readonly width: number;
  readonly height: number;
  /** `grab`: the frame's way into main memory. */
  readonly steps: Steps & { readonly grab: number };
}

export interface InspectResult {
  readonly width: number;
  readonly height: number;
  /** Largest first; where no face was found, the middle of the picture taken for one. */
  readonly faces: readonly FoundFace[];
  readonly found: boolean;
}

/** Each request's own fields, and what its reply brings. */
export interface Calls {
  /** Load the engine, and the detectors. */
  warm: { request: object; reply: null };
  /** Make a model the one that reads; `gate` is the model that judges faces, often the same one, null where there is none; `native`: on the phone's own engine where it has one, unless it is false. */
  open: { request: { model: ModelEntry; gate: ModelEntry | null; native?: boolean }; reply: null };
  /** Read a frame of a video; `time` in seconds on the video's own clock. */
  frame: { request: { bitmap: ImageBitmap | VideoFrame; time: number; options: FrameOptions; adjust?: Adjustment }; reply: FrameResult };
  /** Forget the faces of the last frames. */
  forget: { request: object; reply: null };
  /** Find the faces of a picture and let the gate judge them. */
  inspect: { request: { bitmap: ImageBitmap; adjust?: Adjustment }; reply: InspectResult };
  /** Read the faces of the picture inspected last, in the same order. */
  read: { request: { evenly?: boolean }; reply: Reading[] };
  /** Milliseconds that the open model needs for one face: the median of several. */
  measure: { request: object; reply: number };
}

export type Kind = keyof Calls;

export type Request = { [K in Kind]: { id: number; kind: K } & Calls[K]["request"] }[Kind];

/** What can go wrong in the worker: the page says it in words. */
export type Fault = "download" | "damaged" | "list" | "engine";

export type Message =
  | { readonly id: number; readonly reply: unknown }
  | { readonly id: number; readonly fault: Fault; readonly detail: string }
  | { readonly progress: { readonly url: string; readonly loaded: number } };
