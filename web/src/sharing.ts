/** What is put by for a page that is about to be loaded: a file that another app shared, or what was shown before. */

/** sw.ts puts shared files by in it. */
const CACHE = "mien-shared";
const SHARED = "shared-file";
/** In this window alone: the name of what it showed. */
const SHOWN = "mien-shown";
const CAMERA = "camera";

/** A picture or video; `read`: whether it has been read before. */
export interface Shown {
  readonly file: Blob;
  readonly read: boolean;
}

/** A picture or video that another app shared with this one; "lost" where the page was opened for one that never arrived. */
export async function takeShared(): Promise<Blob | "lost" | null> {
  const wanted = new URLSearchParams(location.search).has("shared");
  // It is taken once: loaded again, the page asks for nothing.
  if (wanted) history.replaceState(history.state, "", location.pathname + location.hash);
  return (await take(SHARED)) ?? (wanted ? "lost" : null);
}

/** Puts by what is shown, for this window's next page. */
export async function leaveShown(shown: Shown | typeof CAMERA): Promise<void> {
  const name = shown === CAMERA ? CAMERA : `${shown.read ? "read" : "new"}-${crypto.randomUUID()}`;
  if (shown !== CAMERA) {
    const { file } = shown;
    await (await caches.open(CACHE)).put(name, new Response(file, { headers: { "Content-Type": file.type } }));
  }
  sessionStorage.setItem(SHOWN, name);
}

/** What this window's page showed before it was loaded again. */
export async function takeShown(): Promise<Shown | typeof CAMERA | null> {
  try {
    const name = sessionStorage.getItem(SHOWN);
    sessionStorage.removeItem(SHOWN);
    if (name === null || name === CAMERA) return name;
    const file = await take(name);
    return file && { file, read: name.startsWith("read") };
  } catch {
    return null; // a browser that keeps nothing
  }
}

async function take(name: string): Promise<Blob | null> {
  try {
    const cache = await caches.open(CACHE);
    const kept = await cache.match(name);
    // Whole, before the browser is told to forget it.
    const file = await kept?.blob();
    if (file) await cache.delete(name);
    return file ?? null;
  } catch {
    return null; // a browser that keeps nothing has nothing to take
  }
}
