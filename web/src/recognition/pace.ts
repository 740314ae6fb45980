/** How many faces of a frame are read: more where the engine is quick, so that more faces do not mean fewer frames. */

/** Milliseconds that the reading of a frame may take where more than one face is read: a frame of a video. */
const FRAME = 33;

export class Pace {
  /** Milliseconds a face, last time. */
  private each = 0;

  /** together: how many an engine reads in one call. */
  most(together: number): number {
    return Math.max(1, Math.min(together, Math.floor(FRAME / this.each)));
  }

  took(milliseconds: number, faces: number): void {
    this.each = milliseconds / faces;
  }
}
