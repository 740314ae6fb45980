/** What the camera screen shows, for the page that comes after this one. */
import { fileOf } from "../pictures";
import type { Shown } from "../sharing";
import type { Capture } from "./capture";
import type { View } from "./state";

/** Null where nothing is shown that could be lost. */
export async function shownIn(view: View<ImageBitmap, Capture>): Promise<Shown | "camera" | null> {
  if (view.kind === "live") return "camera";
  if (view.kind === "clip") return { file: view.file, read: false };
  const read = view.kind === "still" && view.read;
  if (view.kind === "still") return { file: await fileOf(view.capture.picture), read };
  const picture = view.kind === "checking" || view.kind === "waiting" ? view.picture : null;
  return picture && { file: await fileOf(picture), read };
}
