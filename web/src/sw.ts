/** The service worker: the app works offline after the first visit, with the models that the engine has kept: those that were used. */
/// <reference lib="webworker" />

interface ShellScope {
  readonly SHELL: { readonly version: string; readonly files: readonly string[] };
}
declare const self: ServiceWorkerGlobalScope & ShellScope;
export {};

const PREFIX = `mien-shell ${new URL(self.registration.scope).pathname} `;
const NAME = PREFIX + self.SHELL.version;
/** The list of models is asked for anew: model files may change without the app. */
const LIST = new URL("models.json", self.registration.scope).href;
const SHARE = new URL("share", self.registration.scope).href;

self.addEventListener("install", (event) => {
  // Past the HTTP cache for the names that stay the same from version to version.
  const requests = self.SHELL.files.map((file) => new Request(file, { cache: file.startsWith("assets/") ? "default" : "reload" }));
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(requests)));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(tidy().then(() => self.clients.claim()));
});

// The page asks for the change of version, so that a page in use never loses the files it was built with.
self.addEventListener("message", (event) => {
  if (event.data === "activate") void self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method === "POST" && request.url === SHARE) return event.respondWith(shared(request));
  if (request.method !== "GET" || !request.url.startsWith(self.registration.scope)) return;
  event.respondWith(answer(request));
});

/** Deletes the files of older versions, unless other pages still show one. */
async function tidy(): Promise<void> {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (pages.length > 1) return;
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && name !== NAME) await caches.delete(name);
  }
}

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(NAME);
  if (request.url === LIST) {
    const fresh = await fetch(request, { cache: request.cache === "reload" ? "reload" : "no-cache" }).catch(() => null);
    if (fresh?.ok) await cache.put(LIST, fresh.clone());
    return fresh?.ok ? fresh : ((await cache.match(LIST)) ?? fresh ?? Response.error());
  }
  const navigates = request.mode === "navigate";
  const kept = await cache.match(navigates ? "./" : request, { ignoreSearch: navigates });
  // A page of an older version that is still open asks for its own files.
  return kept ?? (await caches.match(request)) ?? fetch(request);
}

/** A picture that another app shared: kept until the page, which is shown then, takes it (sharing.ts). */
async function shared(request: Request): Promise<Response> {
  try {
    const file = (await request.formData()).get("file");
    if (file instanceof File) {
      const cache = await caches.open("mien-shared");
      await cache.put("shared-file", new Response(file, { headers: { "Content-Type": file.type } }));
    }
  } catch {
    // A full disk: the page finds nothing, and says so.
  }
  return Response.redirect("./?shared", 303);
}
