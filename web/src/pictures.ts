/** Picture files, brought to a size that a phone can hold before anything else happens to them. */

/** Pixels, at most: finer ones show a detector nothing more, and phones refuse larger canvases. */
export const MOST = 12_000_000;

/** The size at which a picture is opened. */
export function sizeToOpen(width: number, height: number): { readonly width: number; readonly height: number } {
  const shrink = Math.min(1, Math.sqrt(MOST / (width * height)));
  return { width: Math.max(1, Math.floor(width * shrink)), height: Math.max(1, Math.floor(height * shrink)) };
}

/** Opens a picture file, upright and no larger than `MOST`; rejects for a file that is none. */
export async function openPicture(file: Blob): Promise<ImageBitmap> {
  const size = await sizeOf(file);
  const { width, height } = sizeToOpen(size.width, size.height);
  if (width === size.width && height === size.height) return createImageBitmap(file);
  return createImageBitmap(file, { resizeWidth: width, resizeHeight: height, resizeQuality: "high" });
}

/** A picture as a file, without loss. */
export async function fileOf(picture: ImageBitmap): Promise<Blob> {
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  canvas.getContext("2d")!.drawImage(picture, 0, 0);
  return canvas.convertToBlob({ type: "image/png" });
}

/** A picture's size by its head, upright: nothing is decoded for it. */
async function sizeOf(file: Blob): Promise<{ readonly width: number; readonly height: number }> {
  const address = URL.createObjectURL(file);
  const image = new Image();
  try {
    await new Promise((resolve, reject) => {
      image.onload = resolve;
      image.onerror = () => reject(new Error("no picture"));
      image.src = address;
    });
    return { width: image.naturalWidth, height: image.naturalHeight };
  } finally {
    URL.revokeObjectURL(address);
    image.removeAttribute("src");
  }
}
