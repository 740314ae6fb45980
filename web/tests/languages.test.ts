import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { en } from "../src/languages/en";
import { LANGUAGES, languageOf } from "../src/strings";

type Texts = Readonly<Record<string, unknown>>;

/** Every text of a language, by the way to it: "camera.zoom". Functions are asked with numbers and words. */
function texts(part: Texts, way = ""): Map<string, string> {
  const all = new Map<string, string>();
  for (const [key, value] of Object.entries(part)) {
    const place = way + key;
    if (typeof value === "string") all.set(place, value);
    else if (typeof value === "function") for (const count of [1, 2, 3, 11, 100]) all.set(`${place}(${count})`, String(value(count, "words")));
    else for (const [inner, text] of texts(value as Texts, `${place}.`)) all.set(inner, text);
  }
  return all;
}

const english = texts(en as Texts);
/** Texts that may be the same in two languages, or say nothing. */
const SAME = /^(models\.names\..*title|.*\((1|2|3|11|100)\)|camera\.zoom|adjectives\.(neutral|surprise)|clip\.pause|models\.download|about\.licence|verdict\.none|.*\.(heading|open))$/;

describe.each(Object.entries(LANGUAGES))("%s", (code, { name, words }) => {
  const own = texts(words as Texts);

  it("has every text, and no other", () => {
    expect([...own.keys()].sort()).toEqual([...english.keys()].sort());
    for (const [way, text] of own) expect(text.trim() === "", way).toBe(way === "verdict.none");
    expect(name).not.toBe("");
  });

  it("says what numbers and words it is given", () => {
    const given = texts(words as Texts);
    for (const [way, text] of given) {
      // Some forms of one and two are words of their own.
      const count = /\((\d+)\)$/.exec(way)?.[1];
      if (count && !["1", "2"].includes(count)) expect(text, way).toContain(count);
    }
  });

  it.skipIf(code === "en")("is translated", () => {
    for (const [way, text] of own) if (!SAME.test(way)) expect(text, way).not.toBe(english.get(way));
  });
});

describe("the words", () => {
  it("are all said somewhere", () => {
    const folder = join(import.meta.dirname, "../src");
    const sources = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts") && !file.startsWith("languages"));
    const code = sources.map((file) => readFileSync(join(folder, file), "utf8")).join("\n");
    // Looked up by a name that comes from elsewhere.
    const looked = ["adjectives", "cameraFaults", "faults", "startFaults", "verdict", "names"];
    const unsaid = Object.entries(en).flatMap(([part, words]) => {
      if (typeof words === "string") return code.includes(`strings.${part}`) ? [] : [part];
      if (looked.includes(part)) return [];
      return Object.keys(words).filter((key) => !new RegExp(`\\b${key}\\b`).test(code)).map((key) => `${part}.${key}`);
    });
    expect(unsaid).toEqual([]);
  });

  it("are those of the first language that there is", () => {
    expect(languageOf(["de-CH"])).toBe("de");
    expect(languageOf([null, "xx", "zh-Hant-TW", "en"])).toBe("zh");
    expect(languageOf(["constructor", "xx"])).toBe("en");
    expect(languageOf([])).toBe("en");
  });
});

describe("Arabic", () => {
  const { words } = LANGUAGES["ar"]!;

  it.each([
    [1, "عُثر على وجه واحد", "ووجه آخر"],
    [2, "عُثر على وجهين", "ووجهان آخران"],
    [3, "عُثر على 3 وجوه", "و3 وجوه أخرى"],
    [11, "عُثر على 11 وجهًا", "و11 وجهًا آخر"],
    [100, "عُثر على 100 وجه", "و100 وجه آخر"],
    [103, "عُثر على 103 وجوه", "و103 وجوه أخرى"],
  ])("counts %i", (count, found, more) => {
    expect(words.capture.accepted(count)).toBe(found);
    expect(words.camera.others(count)).toBe(more);
  });
});

describe("French", () => {
  it("never parts a word from the mark after it", () => {
    for (const [way, text] of texts(LANGUAGES["fr"]!.words as Texts)) expect(text, way).not.toMatch(/ [:;?!]/);
  });
});
