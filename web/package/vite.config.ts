/** Builds the npm package `@mien/recognizer` into package/dist: `npm run build:package`. */
import { copyFileSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { defineConfig } from "vite";
import type { Plugin } from "vite";
import { readCatalogue } from "../build/catalogue.ts";

const here = import.meta.dirname;
const root = resolve(here, "../..");
const models = resolve(root, "models");
const dist = resolve(here, "dist");
/** The model that the package carries; others are loaded from a folder of the page's own. */
const packed = readCatalogue(models).models.find(({ properties }) => properties["name"] === "mobilenet_v2");
const WORKER = 'new URL("./worker.ts", import.meta.url)';
const STAND_IN = "__MIEN_WORKER__";

/** Leaves the worker's address in the form that every bundler knows: Vite's own would be an address already. */
function literalWorker(): Plugin {
  return {
    name: "literal-worker",
    enforce: "pre",
    transform(code, id) {
      if (!id.endsWith("engine/client.ts")) return null;
      if (!code.includes(WORKER)) this.error(`${id}: the worker is started in another way`);
      return code.replace(WORKER, STAND_IN);
    },
    generateBundle(_options, bundle) {
      for (const part of Object.values(bundle)) {
        if (part.type === "chunk") part.code = part.code.replace(STAND_IN, 'new URL("./worker.js", import.meta.url)');
      }
    },
  };
}

/** The files beside the code: what npm reads, and the licences. */
function surroundings(): Plugin {
  return {
    name: "surroundings",
    closeBundle() {
      copyFileSync(resolve(here, "README.md"), resolve(dist, "README.md"));
      copyFileSync(resolve(root, "LICENSE"), resolve(dist, "LICENSE"));
      copyFileSync(resolve(models, "LICENSES.md"), resolve(dist, "MODEL_LICENSES.md"));
      const told = JSON.parse(readFileSync(resolve(here, "package.json"), "utf8")) as Record<string, unknown>;
      const version = /^version = "(.+)"$/m.exec(readFileSync(resolve(root, "pyproject.toml"), "utf8"))?.[1];
      if (!version) this.error("pyproject.toml: no version");
      delete told["private"];
      writeFileSync(resolve(dist, "package.json"), `${JSON.stringify({ ...told, version }, null, 2)}\n`);
      sayMegabytes();
    },
  };
}

/** Says how large the package is: what a page downloads, and how much of it is code. */
function sayMegabytes(): void {
  const files = readdirSync(dist).filter((name) => !/\.(md|d\.ts)$|LICENSE|package\.json/.test(name));
  let all = 0;
  for (const name of files) {
    const { size } = statSync(resolve(dist, name));
    all += size;
    const zipped = /\.(js|wasm|json)$/.test(name) ? `, ${kilobytes(gzipSync(readFileSync(resolve(dist, name))).length)} as gzip` : "";
    console.log(`${name}: ${kilobytes(size)}${zipped}`);
  }
  console.log(`@mien/recognizer: ${(all / 1e6).toFixed(1)} MB`);
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

mkdirSync(dist, { recursive: true });

export default defineConfig({
  root: here,
  base: "./",
  publicDir: false,
  define: { __PACKED__: JSON.stringify(packed) },
  plugins: [literalWorker(), surroundings()],
  resolve: { alias: { "@models": models } },
  build: {
    outDir: dist,
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: { recognizer: resolve(here, "../src/recognizer.ts"), worker: resolve(here, "../src/engine/worker.ts") },
      preserveEntrySignatures: "strict",
      output: { entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js", assetFileNames: "[name]-[hash][extname]" },
    },
  },
});
