import { h } from "../dom";
import { drawFaces, faceAt } from "../drawing";
import type { DrawnFace } from "../drawing";
import { strings } from "../strings";

/** Where a picture stands: the camera's, or one that was taken or chosen, and over it what was found in it. */
export class Stage {
  readonly video = h("video", { muted: true, playsinline: true, autoplay: true, "aria-hidden": "true" });
  /** Things that stand over the picture: buttons, and words where there is no picture. */
  readonly over = h("div", { class: "stage-over" });
  readonly element: HTMLDivElement;
  /** Called with the number of the face that was tapped, null for a tap beside all of them. */
  onTap: (id: number | null) => void = () => {};
  private readonly still = h("canvas", { class: "still", "aria-hidden": "true" });
  private readonly overlay = h("canvas", { class: "overlay", role: "img", "aria-label": strings.camera.picture });
  private mirrored = false;
  private drawn: { readonly faces: readonly DrawnFace[]; readonly width: number } = { faces: [], width: 1 };

  constructor() {
    this.video.muted = true;
    this.still.hidden = true;
    this.element = h("div", { class: "stage" }, this.video, this.still, this.overlay, this.over);
    // A phone that is turned sends a video of another shape.
    this.video.addEventListener("resize", () => {
      if (!this.video.hidden) this.showVideo(this.mirrored);
    });
    this.overlay.addEventListener("click", (event) => this.tapped(event));
  }

  showVideo(mirrored: boolean): void {
    this.mirrored = mirrored;
    this.still.hidden = true;
    this.video.hidden = false;
    this.video.classList.toggle("mirrored", mirrored);
    this.shape(this.video.videoWidth || 4, this.video.videoHeight || 3);
  }

  showNothing(): void {
    this.video.hidden = this.still.hidden = true;
    this.clear();
  }

  showStill(picture: ImageBitmap): void {
    this.mirrored = false;
    this.video.hidden = true;
    this.still.hidden = false;
    this.still.width = picture.width;
    this.still.height = picture.height;
    this.still.getContext("2d")!.drawImage(picture, 0, 0);
    this.shape(picture.width, picture.height);
    this.clear();
  }

  /** Draws faces given in pixels of a picture `width` wide; main: the number of the face that the panel speaks of. */
  draw(faces: readonly DrawnFace[], classes: readonly string[], width: number, main: number | null): void {
    const { overlay } = this;
    this.drawn = { faces, width };
    const unit = window.devicePixelRatio || 1;
    const [across, down] = [Math.round(overlay.clientWidth * unit), Math.round(overlay.clientHeight * unit)];
    if (overlay.width !== across || overlay.height !== down) {
      overlay.width = across;
      overlay.height = down;
    }
    const context = overlay.getContext("2d")!;
    context.clearRect(0, 0, across, down);
    drawFaces(context, faces, classes, { scale: across / width, mirrored: this.mirrored, width: across, height: down, unit, main });
  }

  /** What those who do not see the picture are told of it. */
  describe(words: string): void {
    this.overlay.setAttribute("aria-label", words);
  }

  clear(): void {
    this.drawn = { faces: [], width: 1 };
    this.overlay.getContext("2d")!.clearRect(0, 0, this.overlay.width, this.overlay.height);
  }

  private tapped(event: MouseEvent): void {
    const { left, top, width } = this.overlay.getBoundingClientRect();
    const point = { x: event.clientX - left, y: event.clientY - top };
    this.onTap(faceAt(this.drawn.faces, point, { scale: width / this.drawn.width, mirrored: this.mirrored, width }));
  }

  private shape(width: number, height: number): void {
    this.element.style.setProperty("--shape", String(width / height));
  }
}
