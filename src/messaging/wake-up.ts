/** A coalescing signal with a slow poll as its backstop: many hints wake a sleeper once, a lost hint only makes it late. */
export class WakeUp {
  private hinted = false;
  private wake: (() => void) | undefined;

  hint(): void {
    this.hinted = true;
    this.wake?.();
  }

  /** Returns at the next hint, at once if there was one since the last wait, or after `pollIntervalMs`. */
  async wait(pollIntervalMs: number): Promise<void> {
    if (!this.hinted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pollIntervalMs);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.wake = undefined;
    }
    this.hinted = false;
  }
}
