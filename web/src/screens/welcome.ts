import { h, icon } from "../dom";
import { strings } from "../strings";

/** The first screen: what the app does, what it is not, and why it asks for the camera. */
export function welcome(openCamera: () => void, chooseFile: () => void): HTMLElement {
  const words = strings.welcome;
  return h(
    "div",
    { class: "welcome" },
    h(
      "div",
      { class: "welcome-lead" },
      h("h2", { class: "display" }, words.title),
      h("p", { class: "lead" }, words.text),
      h("p", { class: "claim" }, words.claim),
      h("p", { class: "fine" }, words.permission),
    ),
    h(
      "div",
      { class: "welcome-actions" },
      h("button", { type: "button", class: "primary large", onclick: openCamera }, icon("camera"), words.open),
      h("button", { type: "button", class: "large", title: words.chooseHint, onclick: chooseFile }, icon("gallery"), words.choose),
    ),
    h(
      "aside",
      { class: "card not" },
      h("h2", {}, words.notTitle),
      h("ul", {}, ...words.not.map((line) => h("li", {}, line))),
      h("p", { class: "private" }, words.private),
    ),
  );
}
