/** Faces drawn over a picture: on the screen, and into the pictures that are saved. */
import { isStrange } from "./recognition/faces";
import type { FoundFace, Reading } from "./recognition/faces";
import { area } from "./recognition/geometry";
import type { Box, Point } from "./recognition/geometry";
import { heat } from "./recognition/heat";
import { adjective, percent, strings } from "./strings";

export interface DrawnFace extends FoundFace {
  readonly reading: Reading | null;
  /** The class that is named; null where nothing was read yet, and where no expression is clear. */
  readonly place: number | null;
}

export interface View {
  /** Pixels of the canvas for one of the picture. */
  readonly scale: number;
  /** Whether left and right are swapped on the canvas; text never is. */
  readonly mirrored: boolean;
  /** The canvas, in its pixels. */
  readonly width: number;
  readonly height: number;
  /** Pixels of the canvas for one point of type. */
  readonly unit: number;
  /** The number of the face that the panel speaks of, drawn stronger where there are several. */
  readonly main?: number | null;
}

/** As in Python's `expressions.py`. */
const COLOURS: Readonly<Record<string, string>> = {
  angry: "#d1493f",
  disgust: "#7a9a3a",
  fear: "#7d5ba6",
  happy: "#e0a526",
  sad: "#3d7ab8",
  surprise: "#d9782d",
  neutral: "#7f8790",
  contempt: "#b0568c",
};

/** The colours of classes that stand side by side, as Python's `described` gives them: unknown ones differ from each other. */
export function coloursOf(classes: readonly string[]): string[] {
  let unknown = 0;
  return classes.map((name) => COLOURS[name] ?? ownColour(unknown++));
}

/** The colour of the unknown class at `place`, from 0: hues a golden angle apart, in three strengths by turns. */
function ownColour(place: number): string {
  const hue = (0.47 + 0.618034 * place) % 1;
  const lightness = [0.42, 0.56, 0.34][place % 3]!;
  const reach = 0.5 * Math.min(lightness, 1 - lightness);
  const parts = [0, 8, 4].map((shift) => {
    const turn = (shift + 12 * hue) % 12;
    const value = lightness - reach * Math.max(-1, Math.min(turn - 3, 9 - turn, 1));
    return Math.floor(255 * value + 0.5).toString(16).padStart(2, "0");
  });
  return `#${parts.join("")}`;
}

const ACCENT = "#3fe0b0";
const STRANGE = "#c9ced6";
const INK = "#06120e";
const FONT = "system-ui, sans-serif";
/** A label's size beside the smallest faces, as a part of its own. */
const SMALLEST_LABEL = 0.65;

/** Smaller faces first, so that the largest stands on top. */
export function drawFaces(
  context: CanvasRenderingContext2D,
  faces: readonly DrawnFace[],
  classes: readonly string[],
  view: View,
): void {
  const numbered = faces.length > 1;
  for (const face of [...faces].reverse()) {
    drawHeat(context, face, view);
    drawBox(context, face, classes, view, numbered);
  }
}

/** A box on the canvas: mirrored where the picture is. */
export function onCanvas(box: Box, { scale, mirrored, width }: Pick<View, "scale" | "mirrored" | "width">): Box {
  const [left, right] = mirrored ? [width - box.right * scale, width - box.left * scale] : [box.left * scale, box.right * scale];
  return { left, right, top: box.top * scale, bottom: box.bottom * scale };
}

/** The number of the face at a point of the canvas, the smallest where boxes overlap; null beside all of them. */
export function faceAt(faces: readonly FoundFace[], point: Point, view: Pick<View, "scale" | "mirrored" | "width">): number | null {
  const hit = faces.filter(({ box }) => {
    const { left, right, top, bottom } = onCanvas(box, view);
    return point.x >= left && point.x <= right && point.y >= top && point.y <= bottom;
  });
  return hit.sort((one, other) => area(one.box) - area(other.box))[0]?.id ?? null;
}

function drawBox(
  context: CanvasRenderingContext2D,
  face: DrawnFace,
  classes: readonly string[],
  view: View,
  numbered: boolean,
): void {
  const { box, reading, verdict } = face;
  const { unit } = view;
  const place = onCanvas(box, view);
  const colour = isStrange(verdict) ? STRANGE : ACCENT;
  context.save();
  context.lineWidth = (numbered && face.id === view.main ? 5 : 3) * unit;
  context.strokeStyle = colour;
  if (isStrange(verdict)) context.setLineDash([8 * unit, 6 * unit]);
  context.beginPath();
  context.roundRect(place.left, place.top, place.right - place.left, place.bottom - place.top, 10 * unit);
  context.stroke();
  context.restore();
  if (!reading) return;
  const word = wordOf(face.place, reading, classes);
  drawLabel(context, numbered ? { ...word, text: strings.camera.face(face.id, word.text) } : word, place, colour, view);
}

/** What is said of a face beside its box, and the share that is drawn below the words. */
function wordOf(place: number | null, { probabilities }: Reading, classes: readonly string[]): { readonly text: string; readonly share: number } {
  if (place === null) return { text: strings.result.unclear, share: 0 };
  const share = probabilities[place]!;
  return { text: `${adjective(classes[place]!)} ${percent(share)}`, share };
}

/** The expression beside a box, in pixels of the canvas: above it, below where there is no room, or else on its chin. */
function drawLabel(
  context: CanvasRenderingContext2D,
  { text, share }: { readonly text: string; readonly share: number },
  box: Box,
  colour: string,
  view: View,
): void {
  context.font = `600 ${15 * view.unit}px ${FONT}`;
  const whole = context.measureText(text).width + 20 * view.unit;
  // Beside a small face the label is smaller, and it always fits into the picture.
  const unit = view.unit * Math.min(1, view.width / whole, Math.max((box.right - box.left) / whole, SMALLEST_LABEL));
  context.font = `600 ${15 * unit}px ${FONT}`;
  const width = Math.max(context.measureText(text).width + 20 * unit, Math.min(box.right - box.left, 150 * unit));
  const height = 32 * unit;
  const gap = 4 * unit;
  const x = Math.max(0, Math.min(box.left, view.width - width));
  const below = Math.min(box.bottom + gap, view.height - height);
  const y = box.top >= height + gap ? box.top - height - gap : below;
  context.fillStyle = colour;
  context.beginPath();
  context.roundRect(x, y, width, height, 8 * unit);
  context.fill();
  context.fillStyle = INK;
  context.textBaseline = "middle";
  // From here to the right, in whichever direction the words run.
  context.textAlign = "left";
  context.fillText(text, x + 10 * unit, y + 13 * unit);
  const room = width - 20 * unit;
  context.globalAlpha = 0.25;
  context.fillRect(x + 10 * unit, y + 24 * unit, room, 3 * unit);
  context.globalAlpha = 1;
  context.fillRect(x + 10 * unit, y + 24 * unit, room * share, 3 * unit);
}

/** The map of the named class over the face, smooth, from clear to the accent's opposite. */
function drawHeat(context: CanvasRenderingContext2D, face: DrawnFace, view: View): void {
  const { reading, square, place } = face;
  if (!reading?.map || place === null) return;
  const { scores, rows, columns } = reading.map;
  const strength = heat(scores, place, rows * columns);
  const layer = new ImageData(columns, rows);
  strength.forEach((value, i) => layer.data.set([255, 90 + 150 * value, 30, 190 * value], i * 4));
  const small = new OffscreenCanvas(columns, rows);
  small.getContext("2d")!.putImageData(layer, 0, 0);
  context.save();
  context.imageSmoothingQuality = "high";
  if (view.mirrored) context.transform(-1, 0, 0, 1, view.width, 0);
  context.scale(view.scale, view.scale);
  context.translate(square.x, square.y);
  context.rotate(square.roll);
  context.drawImage(small, -square.side / 2, -square.side / 2, square.side, square.side);
  context.restore();
}
