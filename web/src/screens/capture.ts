/** One picture: the check comes first, then the expression; afterwards it can be saved, shared and kept. */
import { drawFaces } from "../drawing";
import type { DrawnFace } from "../drawing";
import type { Engine } from "../engine/client";
import type { InspectResult } from "../engine/protocol";
import { named } from "../recognition/clarity";
import { settings } from "../settings";
import { strings } from "../strings";

/** The check's word on a picture. */
export type Check = "accepted" | "no-face" | "covered" | "strange";

/** A saved picture's type is a part of its long side. */
const TYPE = 1 / 700;

export class Capture {
  readonly picture: ImageBitmap;
  readonly inspected: InspectResult;
  faces: readonly DrawnFace[];

  private constructor(picture: ImageBitmap, inspected: InspectResult) {
    this.picture = picture;
    this.inspected = inspected;
    this.faces = inspected.faces.map((face) => ({ ...face, reading: null, place: null }));
  }

  /** Finds and judges the faces of a picture, which stays open until `close`. */
  static async inspect(engine: Engine, picture: ImageBitmap): Promise<Capture> {
    const bitmap = await createImageBitmap(picture);
    const { brightness, contrast } = settings.value;
    return new Capture(picture, await engine.call("inspect", { bitmap, adjust: { brightness, contrast } }));
  }

  /** The main face decides. */
  get check(): Check {
    if (!this.inspected.found) return "no-face";
    const { verdict } = this.faces[0]!;
    return verdict === "covered" || verdict === "strange" ? verdict : "accepted";
  }

  /** The face of a number, or else the largest. */
  face(id: number | null): DrawnFace {
    return this.faces.find((face) => face.id === id) ?? this.faces[0]!;
  }

  async read(engine: Engine): Promise<void> {
    const { evenly, clear } = settings.value;
    const readings = await engine.call("read", { evenly });
    this.faces = this.faces.map((face, i) => ({ ...face, reading: readings[i]!, place: named(readings[i]!.probabilities, clear) }));
  }

  /** The picture with its faces drawn in, as JPEG. */
  async annotated(classes: readonly string[], showHeat: boolean): Promise<Blob> {
    const { width, height } = this.inspected;
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d")!;
    context.fillStyle = "white";
    context.fillRect(0, 0, width, height);
    context.drawImage(this.picture, 0, 0, width, height);
    const unit = Math.max(width, height) * TYPE;
    drawFaces(context, this.drawn(showHeat), classes, { scale: 1, mirrored: false, width, height, unit });
    const [main] = this.faces as [DrawnFace];
    if (this.check !== "accepted" && main.reading) {
      context.font = `600 ${14 * unit}px system-ui, sans-serif`;
      context.textBaseline = "bottom";
      context.textAlign = "left";
      context.fillStyle = "rgb(0 0 0 / 70%)";
      context.fillRect(0, height - 26 * unit, width, 26 * unit);
      context.fillStyle = "white";
      context.fillText(strings.capture.refusedMark, 10 * unit, height - 5 * unit);
    }
    return new Promise((resolve, reject) => {
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture could not be written"))), "image/jpeg", 0.92);
    });
  }

  /** The faces as they are shown: with their heat maps or without. */
  drawn(showHeat: boolean): DrawnFace[] {
    return this.faces.map((face) => ({ ...face, reading: face.reading && { ...face.reading, map: showHeat ? face.reading.map : null } }));
  }

  close(): void {
    this.picture.close();
  }
}
