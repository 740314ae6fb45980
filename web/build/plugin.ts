/** What the app's build adds to Vite's: the list of models, and the list of files that work offline. */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { Plugin } from "vite";
import { readCatalogue } from "./catalogue.ts";

const WORKER = "sw.js";

/** withModels: put the model files beside the app, for a host that has nothing but files. */
export function mien(models: string, withModels: boolean): Plugin {
  let publicFolder = "";
  return {
    name: "mien",
    enforce: "post",
    configResolved(config) {
      publicFolder = config.publicDir;
    },
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const address = new URL(request.url ?? "/", "http://localhost").pathname;
        const file = join(models, basename(address));
        if (address === "/models.json") response.end(JSON.stringify(readCatalogue(models)));
        else if (address.startsWith("/models/") && existsSync(file)) createReadStream(file).pipe(response);
        else next();
      });
    },
    generateBundle(_options, bundle) {
      const catalogue = readCatalogue(models);
      this.emitFile({ type: "asset", fileName: "models.json", source: JSON.stringify(catalogue) });
      const shell = new Map<string, string | Uint8Array>(
        readdirSync(publicFolder).map((name) => [name, readFileSync(join(publicFolder, name))]),
      );
      shell.set("models.json", JSON.stringify(catalogue));
      for (const part of Object.values(bundle)) {
        if (part.fileName !== WORKER) shell.set(part.fileName, part.type === "chunk" ? part.code : part.source);
      }
      const files = [...shell.keys()].sort();
      const version = createHash("sha256");
      for (const file of files) version.update(file).update(shell.get(file)!);
      const worker = bundle[WORKER];
      if (worker?.type !== "chunk") this.error(`no ${WORKER} in the build`);
      // The worker knows the page by its folder's address, which every host answers with index.html.
      const addresses = files.map((file) => (file === "index.html" ? "./" : file));
      const value = { version: version.digest("hex").slice(0, 12), files: addresses };
      worker.code = `self.SHELL = ${JSON.stringify(value)};\n${worker.code}`;
      if (!withModels) return;
      for (const model of catalogue.models) {
        const fileName = model.url.split("?")[0]!;
        this.emitFile({ type: "asset", fileName, source: readFileSync(join(models, basename(fileName))) });
      }
    },
  };
}
