import { h, icon } from "../dom";
import { strings } from "../strings";

/** The first screen: what the app does, what it is not, and why it asks for the camera. */
export function welcome(openCamera: () => void, choosePicture: () => void): HTMLElement {
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
      h(
        "div",
        { class: "welcome-actions" },
        h("button", { type: "button", class: "primary large", onclick: openCamera }, icon("camera"), words.open),
        h("button", { type: "button", class: "large", onclick: choosePicture }, icon("gallery"), words.choose),
      ),
      h("p", { class: "fine" }, words.permission),
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
