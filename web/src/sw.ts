/** The service worker: the app works offline after the first visit, with the models that the engine has kept: those that were used. */
/// <reference lib="webworker" />

interface ShellScope {
  readonly SHELL: { readonly version: string; readonly files: readonly string[] };
}
declare const self: ServiceWorkerGlobalScope & ShellScope;
export {};

const PREFIX = "mien-app-";
const NAME = PREFIX + self.SHELL.version;

self.addEventListener("install", (event) => {
  // Past the HTTP cache for the names that stay the same from version to version.
  const requests = self.SHELL.files.map((file) => new Request(file, { cache: file.startsWith("assets/") ? "default" : "reload" }));
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(requests)));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) {
        if (name.startsWith(PREFIX) && name !== NAME) await caches.delete(name);
      }
      await self.clients.claim();
    })(),
  );
});

// The page asks for the change of version, so that a page in use never loses the files it was built with.
self.addEventListener("message", (event) => {
  if (event.data === "activate") void self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== self.location.origin) return;
  event.respondWith(answer(request));
});

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(NAME);
  const kept = await cache.match(request.mode === "navigate" ? "./" : request, { ignoreSearch: request.mode === "navigate" });
  return kept ?? fetch(request);
}
