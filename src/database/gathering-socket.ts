import { Socket } from 'node:net';

/**
 * A socket that gathers what is written in one turn and sends it at once: statements that are ready together cost one
 * system call and wake the server once.
 */
export class GatheringSocket extends Socket {
  private gathering = false;

  override write(...given: unknown[]): boolean {
    if (!this.gathering) {
      this.gathering = true;
      this.cork();
      process.nextTick(() => {
        this.gathering = false;
        this.uncork();
      });
    }
    return (super.write as (...all: unknown[]) => boolean)(...given);
  }
}
