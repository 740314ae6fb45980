import "./style.css";
import { h, icon } from "./dom";
import type { Icon } from "./dom";
import { Engine } from "./engine/client";
import { Models } from "./models";
import { about } from "./screens/about";
import { CameraScreen } from "./screens/camera";
import { HistoryScreen } from "./screens/history";
import { ModelsScreen } from "./screens/models";
import { strings } from "./strings";
import { followVersions } from "./versions";

interface Screen {
  readonly element: HTMLElement;
  enter?(): unknown;
  leave?(): void;
}

/** The screen that is shown is not gone to again. */
function stay(event: Event): void {
  if ((event.currentTarget as HTMLElement).hasAttribute("aria-current")) event.preventDefault();
}

async function start(): Promise<void> {
  const engine = new Engine();
  const models = await Models.load(engine);
  const screens: Record<Exclude<Icon, "flip" | "torch" | "close" | "gallery">, Screen> = {
    camera: new CameraScreen(engine, models),
    models: new ModelsScreen(models),
    history: new HistoryScreen(),
    about: { element: about(models) },
  };
  const names = Object.keys(screens) as (keyof typeof screens)[];
  const links = names.map((name) => h("a", { href: `#${name}`, onclick: stay }, icon(name), h("span", {}, strings.tabs[name])));
  const main = h("main", {}, ...names.map((name) => screens[name].element));
  document.body.append(
    h("header", {}, h("a", { class: "brand", href: "#camera" }, strings.name), h("nav", { "aria-label": strings.navigation }, ...links)),
    main,
  );

  let shown: keyof typeof screens | null = null;
  const show = (): void => {
    const wanted = names.find((name) => `#${name}` === location.hash) ?? "camera";
    if (wanted === shown) return;
    if (shown) screens[shown].leave?.();
    shown = wanted;
    names.forEach((name, i) => {
      screens[name].element.hidden = name !== wanted;
      if (name === wanted) links[i]!.setAttribute("aria-current", "page");
      else links[i]!.removeAttribute("aria-current");
    });
    document.title = `${strings.tabs[wanted]} · ${strings.name}`;
    scrollTo(0, 0);
    void screens[wanted].enter?.();
  };
  addEventListener("hashchange", show);
  show();
  followVersions();
  // The engine starts while the first screen is read; the model waits until it is wanted.
  void engine.call("warm", {}).catch(() => undefined);
}

start().catch(() => document.body.append(h("p", { class: "page", role: "alert" }, strings.startFault)));
