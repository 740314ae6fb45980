/** A picture or video that another app shared with this one: the service worker (sw.ts) has put it by for the page. */
export async function takeShared(): Promise<Blob | null> {
  try {
    const cache = await caches.open("mien-shared");
    const kept = await cache.match("shared-file");
    await cache.delete("shared-file");
    return (await kept?.blob()) ?? null;
  } catch {
    return null; // a browser that keeps nothing has nothing to take
  }
}
