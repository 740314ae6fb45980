import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { defineConfig } from "vitest/config";
import { mien } from "./build/plugin.ts";

const here = import.meta.dirname;
/** The model files' folder: the checkout's own, or the one that MIEN_MODELS names. */
const models = resolve(here, process.env["MIEN_MODELS"] ?? "../models");

/** The release, which stands in pyproject.toml alone. */
const release = /^version = "(.+)"$/m.exec(readFileSync(resolve(here, "../pyproject.toml"), "utf8"))?.[1];
if (!release) throw new Error("pyproject.toml: no version");

export default defineConfig(({ mode }) => ({
  base: "./",
  define: { __RELEASE__: JSON.stringify(release) },
  plugins: [mien(models, mode === "static")],
  resolve: { alias: { "@models": resolve(here, "../models") } },
  server: { fs: { allow: [here, resolve(here, "../models")] } },
  worker: { format: "es" },
  build: {
    // Into the Python package, which serves it and carries it in the wheel; alone with its models for other hosts.
    outDir: mode === "static" ? "dist" : "../src/mien/server/app",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: { index: "index.html", sw: "src/sw.ts" },
      output: { entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js") },
    },
  },
  // A busy machine must not fail a test.
  test: { include: ["tests/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 120_000 },
}));
