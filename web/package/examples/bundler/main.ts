import { Recognizer, RecognizerError } from "@mien/recognizer";
import type { TrackedFace } from "@mien/recognizer";

const video = document.querySelector("video")!;
const words = document.querySelector("p")!;

function said({ id, expression, confidence }: TrackedFace): string {
  return `face ${id}: ${expression} (${Math.round(100 * confidence)}%)`;
}

try {
  const recognizer = await Recognizer.load({ onProgress: (loaded, total) => (words.textContent = `${loaded} of ${total}`) });
  video.srcObject = await navigator.mediaDevices.getUserMedia({ video: true });
  await video.play();
  for (;;) {
    words.textContent = (await recognizer.track(video)).map(said).join(", ") || "no face";
    await new Promise(requestAnimationFrame);
  }
} catch (error) {
  words.textContent = error instanceof RecognizerError ? `${error.reason}: ${error.message}` : String(error);
}
