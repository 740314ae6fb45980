/** Keeps the screen on while faces are read, where the browser can. */
export class WakeLock {
  private wanted = false;
  private lock: WakeLockSentinel | null = null;

  constructor() {
    // The system takes the lock from a hidden page.
    document.addEventListener("visibilitychange", () => void this.take());
  }

  set(wanted: boolean): void {
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    if (wanted) void this.take();
    else {
      void this.lock?.release().catch(() => undefined);
      this.lock = null;
    }
  }

  private async take(): Promise<void> {
    if (!this.wanted || document.hidden || (this.lock && !this.lock.released)) return;
    const lock = await navigator.wakeLock?.request("screen").catch(() => null);
    if (!lock) return;
    if (this.wanted) this.lock = lock;
    else await lock.release();
  }
}
