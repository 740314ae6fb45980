/** Saving a file: a download, or in the Android app, whose WebView knows none, the app's own way. */
import { h } from "./dom";

declare global {
  interface Window {
    /** android/.../PictureSaver.java: asks where to, and writes the file; false where it takes none of this kind. */
    readonly mienSaver?: { save(name: string, base64: string): boolean };
  }
}

/** @returns whether the file was handed over */
export async function saveFile(file: Blob, name: string): Promise<boolean> {
  if (window.mienSaver) return window.mienSaver.save(name, await toBase64(file));
  const address = URL.createObjectURL(file);
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  return true;
}

/** Asks the browser not to clear away what is kept when room gets scarce. */
export async function keepForGood(): Promise<void> {
  if (!(await navigator.storage?.persisted?.().catch(() => true))) await navigator.storage?.persist?.().catch(() => false);
}

function toBase64(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve((reader.result as string).split(",")[1]!);
    reader.onerror = () => reject(reader.error!);
    reader.readAsDataURL(blob);
  });
}
