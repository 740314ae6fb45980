/// <reference types="vite/client" />
declare module "@models/*.onnx?url" {
  const url: string;
  export default url;
}
