/** The shapes of recognition, as in Python's `faces.py`: pixels, x to the right, y down, the first centre at (.5, .5). */

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** RGBA pixels, row by row; an `ImageData` is one. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A face the detector found; six landmarks: left eye, right eye (as the viewer sees them), nose, mouth, left, right ear. */
export interface Detection {
  readonly box: Box;
  readonly score: number;
  readonly landmarks: readonly Point[];
}

/** The square cut from a picture: centre, side in pixels, and roll in radians (positive where the head tilts clockwise). */
export interface Square {
  readonly x: number;
  readonly y: number;
  readonly side: number;
  readonly roll: number;
}

export function area(box: Box): number {
  return Math.max(box.right - box.left, 0) * Math.max(box.bottom - box.top, 0);
}

export function centre(box: Box): Point {
  return { x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2 };
}

/** Intersection over union, in [0, 1]. */
export function overlap(one: Box, other: Box): number {
  const width = Math.min(one.right, other.right) - Math.max(one.left, other.left);
  const height = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
  const common = Math.max(width, 0) * Math.max(height, 0);
  const union = area(one) + area(other) - common;
  return union > 0 ? common / union : 0;
}

/** A place given as parts of an upright square's side, in the picture's coordinates. */
export function toPicture(place: Point, square: Square): Point {
  const cos = Math.cos(square.roll) * square.side;
  const sin = Math.sin(square.roll) * square.side;
  const across = place.x - 0.5;
  const down = place.y - 0.5;
  return { x: square.x + cos * across - sin * down, y: square.y + sin * across + cos * down };
}

/** The angle of the line between the eyes in radians. */
export function rollOf(landmarks: readonly Point[]): number {
  const [left, right] = landmarks as readonly [Point, Point];
  return Math.atan2(right.y - left.y, right.x - left.x);
}
