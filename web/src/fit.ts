/** Whether the screen has room for the picture, the sheet and the shutter at once, or has to be scrolled. */

/** The least room, in times the size of the type. */
const HEIGHT = 19;
const WIDTH = 16;

/** Marks the page with `tight` while it has less; type may be made larger at any time. */
export function followFit(): void {
  const probe = document.createElement("span");
  probe.className = "probe";
  probe.setAttribute("aria-hidden", "true");
  document.body.append(probe);
  const look = (): void => {
    const type = probe.getBoundingClientRect().height || 16;
    document.documentElement.classList.toggle("tight", innerHeight < HEIGHT * type || innerWidth < WIDTH * type);
  };
  new ResizeObserver(look).observe(probe);
  addEventListener("resize", look);
  look();
}
