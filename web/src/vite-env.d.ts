/// <reference types="vite/client" />
declare module "@models/*.onnx?url" {
  const url: string;
  export default url;
}
/** The version of Mien, from pyproject.toml; the build puts it in. */
declare const __RELEASE__: string;

/** The model that the npm package carries, from package/vite.config.ts. */
declare const __PACKED__: import("./engine/catalogue").ModelEntry;
