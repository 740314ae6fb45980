import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

it("has the version that stands in pyproject.toml", () => {
  const text = readFileSync(new URL("../../pyproject.toml", import.meta.url), "utf8");
  expect(text).toContain(`\nversion = "${__RELEASE__}"\n`);
});
