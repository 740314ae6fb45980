import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { settings, validated } from "../src/settings";

const defaults = settings.value;

describe("kept settings", () => {
  it("are read back", () => {
    const chosen = { ...defaults, realTime: false, model: "vit_tiny", speeds: { abc: 12.5 }, memory: 1, clear: 0.5, language: "ar" };
    expect(validated(JSON.stringify(chosen))).toEqual(chosen);
  });

  it.each([
    "", "{", "null", "7", "[]", '"text"', '{"speeds": null}', '{"speeds": []}', '{"speeds": {"a": "fast"}}', '{"realTime": null}',
    '{"model": 7}', '{"faces": 0}', '{"faces": 2.5}', '{"memory": 1e9}', '{"brightness": "1"}', '{"__proto__": {"realTime": false}}', '{"other": 1}',
  ])("that are none are the defaults: %s", (text) => {
    expect(validated(text)).toEqual(defaults);
  });

  it("keep the good ones beside a broken one", () => {
    expect(validated('{"speeds": null, "heat": true}')).toEqual({ ...defaults, heat: true });
  });

  it("are settings whatever is kept", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(Object.keys(validated(text)).sort()).toEqual(Object.keys(defaults).sort());
      }),
    );
  });
});
