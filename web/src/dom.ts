/** Elements made in one line, without markup in strings: the page's policy allows no markup from anywhere else. */

type Child = Node | string | null;
type Attributes = Readonly<Record<string, string | boolean | ((event: Event) => void)>>;

/** An attribute that is true stands without a value, one that is false is left out, a function listens to "on..." */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

const ICONS = {
  camera: "M4 8h3l2-3h6l2 3h3v11H4zM12 10a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z",
  models: "M12 3 3 8l9 5 9-5zM3 12l9 5 9-5M3 16l9 5 9-5",
  history: "M12 4a8 8 0 1 1-7.5 5.2M4 4v5h5M12 8v5l3 2",
  about: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v6M12 7.2v.6",
  flip: "M4 10a8 8 0 0 1 14-3.5L20 9M20 4v5h-5M20 14a8 8 0 0 1-14 3.5L4 15M4 20v-5h5",
  torch: "M13 2 5 14h6l-1 8 8-12h-6z",
  close: "M6 6l12 12M18 6 6 18",
  more: "M4 7h9M17 7h3M4 12h3M11 12h9M4 17h9M17 17h3M15 5v4M9 10v4M15 15v4",
  back: "M15 5l-7 7 7 7",
  save: "M12 3v12M7 10l5 5 5-5M4 19h16",
  share: "M12 15V3M7.5 7.5 12 3l4.5 4.5M5 12v8h14v-8",
  play: "M7 4v16l13-8z",
  pause: "M8 5v14M16 5v14",
  table: "M4 5h16v14H4zM4 10h16M4 15h16M10 5v14",
  stop: "M6 6h12v12H6z",
  gallery: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 8.5a1.2 1.2 0 1 0 .1 0",
} as const;

export type Icon = keyof typeof ICONS;

/** A line drawing of 24 x 24, in the colour of the text; the words beside it say what it means. */
export function icon(name: Icon): SVGSVGElement {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(space, "path");
  line.setAttribute("d", ICONS[name]);
  picture.append(line);
  return picture;
}

/** A button with an icon alone; its words are for those who do not see it, and for the mouse that waits. */
export function iconButton(name: Icon, label: string, press: () => void): HTMLButtonElement {
  return h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick: press }, icon(name));
}
