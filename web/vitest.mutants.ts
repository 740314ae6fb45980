/** The tests that judge mutants of src/recognition: those of its arithmetic, which load no model. */
import { resolve } from "node:path";
import { defineConfig } from "vitest/config";

const tests = ["cropping", "detection", "drawing", "geometry", "live", "reader", "steadiness", "timeline", "tracking"];

export default defineConfig({
  define: { __RELEASE__: '"mutants"' },
  resolve: { alias: { "@models": resolve(import.meta.dirname, "../models") } },
  test: { include: tests.map((name) => `tests/${name}.test.ts`), testTimeout: 120_000, hookTimeout: 120_000 },
});
