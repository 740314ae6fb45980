/** What can be done in each state of the camera screen. */
import type { State } from "./state";

export type Action = "gallery" | "back" | "shutter" | "try" | "save" | "share" | "play" | "table" | "more";

/** The actions that are shown, and those of them that have to wait. */
export interface Actions {
  readonly shown: readonly Action[];
  readonly waiting: readonly Action[];
}

/**
 * @param cameraOn whether the camera shows a picture
 * @param canShare whether pictures can be handed to other apps
 */
export function actionsOf<P, C extends { readonly check: string }>({ view }: State<P, C>, cameraOn: boolean, canShare: boolean): Actions {
  if (view.kind === "live") return { shown: ["gallery", "shutter", "more"], waiting: cameraOn ? [] : ["shutter"] };
  if (view.kind === "clip") return { shown: ["back", "play", "table", "more"], waiting: [] };
  if (view.kind !== "still") return { shown: ["back", "gallery"], waiting: [] };
  if (view.read && !view.reading) return { shown: ["back", "save", ...(canShare ? (["share"] as const) : []), "gallery", "more"], waiting: [] };
  const refused = view.capture.check !== "accepted" && !view.reading;
  return refused ? { shown: ["back", "try", "gallery"], waiting: [] } : { shown: ["back", "save"], waiting: ["save"] };
}
