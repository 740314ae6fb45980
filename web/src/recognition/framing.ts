/** From a detection to the square that frames the face as the training data does, as Python's `framing.py`. */
import { centre, rollOf } from "./geometry";
import type { Detection, Point, Square } from "./geometry";

const TEXT = /^blazeface-halfway; down=(-?\d+(?:\.\d+)?); side=(-?\d+(?:\.\d+)?)$/;

export class Framing {
  private readonly down: number;
  private readonly side: number;

  private constructor(down: number, side: number) {
    this.down = down;
    this.side = side;
  }

  /** Reads the `crop` property of a model file, such as "blazeface-halfway; down=-0.05; side=3.5". */
  static fromText(text: string): Framing {
    const match = TEXT.exec(text);
    if (!match) throw new Error(`the model asks for a crop that this version does not know: ${text}`);
    return new Framing(Number(match[1]), Number(match[2]));
  }

  equals({ down, side }: Framing): boolean {
    return this.down === down && this.side === side;
  }

  square({ box, landmarks }: Detection): Square {
    const middle = mean(landmarks);
    const boxMiddle = centre(box);
    const spread = landmarks.reduce((sum, { x, y }) => sum + (x - middle.x) ** 2 + (y - middle.y) ** 2, 0);
    const side = this.side * Math.sqrt(spread / landmarks.length);
    const roll = rollOf(landmarks);
    const shift = this.down * side;
    return {
      x: (boxMiddle.x + middle.x) / 2 - shift * Math.sin(roll),
      y: (boxMiddle.y + middle.y) / 2 + shift * Math.cos(roll),
      side,
      roll,
    };
  }
}

function mean(points: readonly Point[]): Point {
  const sum = points.reduce((total, { x, y }) => ({ x: total.x + x, y: total.y + y }), { x: 0, y: 0 });
  return { x: sum.x / points.length, y: sum.y / points.length };
}
