/** A picture is a step further than the first screen, for the browser's "back" and a phone's. */
export class WayBack {
  /** Whether this page made "back" lead from the picture to the first screen. */
  private made = false;
  /** Whether a step back that this page asked for is still to come: a browser takes it some time later. */
  private stepping = false;
  private atFirst = true;

  /** home: called when the browser went back to the first screen. */
  constructor(home: () => void) {
    window.addEventListener("popstate", () => {
      const here = ["", "#camera"].includes(location.hash);
      const own = this.stepping && here;
      this.stepping = false;
      // By what the history says now, and not by the event: one that comes late tells of a time before a picture came.
      if (!here || isPicture(history.state)) return;
      this.made = false;
      // What was begun while the page's own step was on its way stays, and is a step further again.
      if (own) this.keep(this.atFirst);
      else home();
    });
  }

  /** Brings the browser's history in line with what is shown. */
  keep(atFirst: boolean): void {
    this.atFirst = atFirst;
    if (this.stepping) return;
    const further = isPicture(history.state);
    if (!atFirst && !further) {
      history.pushState({ picture: true }, "");
      this.made = true;
    } else if (atFirst && this.made) {
      this.made = false;
      if (!further) return;
      this.stepping = true;
      history.back();
    }
  }
}

/** Whether an entry of the browser's history stands for a picture that is shown, and not for the first screen. */
function isPicture(state: unknown): boolean {
  return (state as { picture?: boolean } | null)?.picture ?? false;
}
