import { h } from "./dom";
import { inApp } from "./engine/native";
import { strings } from "./strings";

/**
 * Starts the service worker, and offers a new version when one has arrived; the page in use is never changed unasked.
 *
 * @param reload loads the page again
 */
export function followVersions(reload: () => void): void {
  // A development server has no worker, and a page that is not on https gets none.
  // Nor has the Android app: all its files are at hand.
  if (!import.meta.env.PROD || !("serviceWorker" in navigator) || inApp()) return;
  const { serviceWorker } = navigator;
  const updating = serviceWorker.controller !== null;
  void serviceWorker.register("sw.js").then((registration) => {
    const watch = (worker: ServiceWorker | null): void => {
      const offer = (): void => {
        if (worker?.state === "installed" && updating) showOffer(worker, reload);
      };
      worker?.addEventListener("statechange", offer);
      offer();
    };
    watch(registration.waiting ?? registration.installing);
    registration.addEventListener("updatefound", () => watch(registration.installing));
  });
}

function showOffer(worker: ServiceWorker, reload: () => void): void {
  const load = (): void => {
    // Only the page whose user asked for it is loaded again: another one may show a picture.
    navigator.serviceWorker.addEventListener("controllerchange", reload);
    worker.postMessage("activate");
  };
  const offer = h("div", { class: "offer", role: "status" }, strings.newVersion, h("button", { type: "button", onclick: load }, strings.reload));
  document.body.append(offer);
  // Another page may have loaded it.
  worker.addEventListener("statechange", () => {
    if (worker.state === "activated" || worker.state === "redundant") offer.remove();
  });
}
