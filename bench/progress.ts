const CLEAR_LINE = '\r\u001b[K';

/** What goes on: one line that is written over on a terminal, lines elsewhere. */
export class Progress {
  private readonly startedAt = performance.now();

  constructor(private readonly stream: NodeJS.WriteStream) {}

  say(text: string): void {
    const seconds = Math.round((performance.now() - this.startedAt) / 1_000);
    const line = `${String(seconds).padStart(4)} s  ${text}`;
    this.stream.write(this.stream.isTTY ? CLEAR_LINE + line.slice(0, this.stream.columns - 1) : `${line}\n`);
  }

  end(): void {
    if (this.stream.isTTY) this.stream.write(CLEAR_LINE);
  }
}
