import { h } from "../dom";
import { nameOf } from "../engine/catalogue";
import { inApp } from "../engine/native";
import type { Models } from "../models";
import { modelTitle, strings } from "../strings";

const words = strings.about;

export function about(models: Models): HTMLElement {
  const versions = models.catalogue.models.map((model) =>
    h("li", {}, `${modelTitle(nameOf(model))} ${model.properties["version"] ?? ""}`, h("small", {}, model.properties["licence"] ?? "")),
  );
  return h(
    "section",
    { class: "screen page" },
    h("h1", {}, words.heading),
    h("p", { class: "lead" }, strings.welcome.text),
    h("p", { class: "claim" }, strings.welcome.claim),
    part(strings.welcome.notTitle, h("ul", {}, ...strings.welcome.not.map((line) => h("li", {}, line)))),
    part(words.privacy, h("p", {}, words.privacyText)),
    part(words.how, h("p", {}, words.howText)),
    part(words.limits, h("p", {}, words.limitsText)),
    part(words.version, h("ul", {}, ...versions)),
    part(words.licence, h("p", {}, words.licenceText), h("p", { class: "release" }, `Mien ${__RELEASE__}`)),
    // Pages that only the Android app carries.
    inApp() ? h("p", { class: "links" }, h("a", { href: "privacy.html" }, words.policy), h("a", { href: "notices.html" }, words.notices)) : null,
  );
}

function part(title: string, ...content: HTMLElement[]): HTMLElement {
  return h("div", { class: "part" }, h("h2", {}, title), ...content);
}
