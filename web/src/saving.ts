/** Saving a picture: a download, or in the Android app, whose WebView knows none, the app's own way. */
import { h } from "./dom";

declare global {
  interface Window {
    /** android/.../PictureSaver.java: asks where to, and writes the file. */
    readonly mienSaver?: { save(name: string, base64: string): boolean };
  }
}

export async function savePicture(picture: Blob, name: string): Promise<void> {
  if (window.mienSaver) {
    window.mienSaver.save(name, await toBase64(picture));
    return;
  }
  const address = URL.createObjectURL(picture);
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

function toBase64(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve((reader.result as string).split(",")[1]!);
    reader.onerror = () => reject(reader.error!);
    reader.readAsDataURL(blob);
  });
}
