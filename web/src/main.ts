import "./style.css";
import { h, icon } from "./dom";
import { Engine } from "./engine/client";
import { FaultError } from "./engine/fault";
import { followFit } from "./fit";
import { Models } from "./models";
import { about } from "./screens/about";
import { CameraScreen } from "./screens/camera";
import { HistoryScreen } from "./screens/history";
import { Incoming } from "./screens/incoming";
import { ModelsScreen } from "./screens/models";
import { isCalm } from "./screens/more";
import { settings } from "./settings";
import { leaveShown } from "./sharing";
import { language, rightToLeft, strings } from "./strings";
import { followVersions } from "./versions";

const NAME = "Mien";

interface Screen {
  readonly element: HTMLElement;
  enter?(): unknown;
  leave?(): void;
}
type ScreenName = keyof typeof strings.tabs;

/** The screen that is shown is not gone to again. */
function stay(event: Event): void {
  if ((event.currentTarget as HTMLElement).hasAttribute("aria-current")) event.preventDefault();
}

async function start(incoming: Incoming): Promise<void> {
  const engine = new Engine();
  const models = await Models.load(engine);
  const camera = new CameraScreen(engine, models, incoming);
  const screens: Record<ScreenName, Screen> = {
    camera,
    models: new ModelsScreen(models),
    history: new HistoryScreen(),
    about: { element: about(models) },
  };
  const names = Object.keys(screens) as ScreenName[];
  const links = names.map((name) => h("a", { href: `#${name}`, onclick: stay }, icon(name), h("span", {}, strings.tabs[name])));
  const main = h("main", {}, ...names.map((name) => screens[name].element));
  document.body.append(
    h("header", {}, h("a", { class: "brand", href: "#camera" }, NAME), h("nav", { "aria-label": strings.navigation }, ...links)),
    main,
  );

  let shown: ScreenName | null = null;
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
    if (wanted !== "camera") document.documentElement.classList.remove("at-work");
    document.title = `${strings.tabs[wanted]} · ${NAME}`;
    scrollTo(0, 0);
    void screens[wanted].enter?.();
  };
  addEventListener("hashchange", show);
  show();
  incoming.deliver((file) => camera.openFile(file));
  followFit();
  followVersions(() => void camera.reload());
  // The engine starts while the first screen is read; the model waits until it is wanted.
  void engine.call("warm", {}).catch(() => undefined);
}

document.documentElement.lang = language;
document.documentElement.dir = rightToLeft ? "rtl" : "ltr";
settings.watch(() => document.documentElement.classList.toggle("calm", isCalm()));

// What is dropped while the app starts waits for it.
const incoming = new Incoming();
start(incoming).catch((error: unknown) => {
  const fault = error instanceof FaultError && error.fault !== "engine" ? error.fault : "other";
  const text = strings.startFaults[fault === "damaged" ? "list" : fault];
  const reload = async (): Promise<void> => {
    const file = incoming.early();
    if (file) await leaveShown({ file, read: false }).catch(() => undefined);
    location.reload();
  };
  const again = h("button", { type: "button", class: "primary", onclick: () => void reload() }, strings.startAgain);
  document.body.append(h("main", { class: "page", role: "alert" }, h("p", {}, text), again));
});
