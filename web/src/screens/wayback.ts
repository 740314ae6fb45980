/** A picture is a step further than the first screen, for the browser's "back" and a phone's. */
export class WayBack {
  /** Whether this page made "back" lead from the picture to the first screen. */
  private made = false;

  /** home: called when the browser went back to the first screen. */
  constructor(home: () => void) {
    window.addEventListener("popstate", (event) => {
      if (!["", "#camera"].includes(location.hash) || isPicture(event.state)) return;
      this.made = false;
      home();
    });
  }

  /** Brings the browser's history in line with what is shown. */
  keep(atFirst: boolean): void {
    const further = isPicture(history.state);
    if (!atFirst && !further) {
      history.pushState({ picture: true }, "");
      this.made = true;
    } else if (atFirst && this.made) {
      this.made = false;
      if (further) history.back();
    }
  }
}

/** Whether an entry of the browser's history stands for a picture that is shown, and not for the first screen. */
function isPicture(state: unknown): boolean {
  return (state as { picture?: boolean } | null)?.picture ?? false;
}
