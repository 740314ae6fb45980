/** The words of the language that is spoken: the user's choice, or else the device's. */
import { ar } from "./languages/ar";
import { de } from "./languages/de";
import { en } from "./languages/en";
import type { Words } from "./languages/en";
import { es } from "./languages/es";
import { fr } from "./languages/fr";
import { hi } from "./languages/hi";
import { zh } from "./languages/zh";
import { settings } from "./settings";

/** The languages by their codes, each called by its own name. */
export const LANGUAGES: Readonly<Record<string, { readonly name: string; readonly words: Words; readonly rightToLeft?: boolean }>> = {
  en: { name: "English", words: en },
  de: { name: "Deutsch", words: de },
  es: { name: "Español", words: es },
  fr: { name: "Français", words: fr },
  hi: { name: "हिन्दी", words: hi },
  zh: { name: "中文", words: zh },
  ar: { name: "العربية", words: ar, rightToLeft: true },
};

/** The first of the wanted languages, such as "de-CH", that there is; English where there is none. */
export function languageOf(wanted: readonly (string | null)[]): string {
  const codes = wanted.flatMap((tag) => (tag ? [tag.toLowerCase().split("-")[0]!] : []));
  return codes.find((code) => Object.hasOwn(LANGUAGES, code)) ?? "en";
}

export const language = languageOf([settings.value.language, ...(globalThis.navigator?.languages ?? [])]);
/** For numbers and dates, with the digits that the texts have, in Arabic too. */
export const locale = `${language}-u-nu-latn`;
export const rightToLeft = LANGUAGES[language]!.rightToLeft ?? false;
export const strings = LANGUAGES[language]!.words;

export function adjective(name: string): string {
  return Object.hasOwn(strings.adjectives, name) ? (strings.adjectives as Readonly<Record<string, string>>)[name]! : name;
}

export function modelTitle(name: string): string {
  return modelWords(name)?.title ?? name;
}

export function modelText(name: string): string {
  return modelWords(name)?.text ?? "";
}

/** A share such as .834 as "83%". */
export function percent(share: number): string {
  return new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 }).format(share);
}

/** A number with so many digits after the point. */
export function decimal(value: number, digits: number): string {
  return new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

function modelWords(name: string): { readonly title: string; readonly text: string } | undefined {
  const names: Readonly<Record<string, { readonly title: string; readonly text: string }>> = strings.models.names;
  return names[name] ?? names[name.replace("vit_small_dinov2", "vit_small")];
}
