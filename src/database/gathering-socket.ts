import { Socket } from 'node:net';

/**
 * A socket that gathers what is written in one turn and sends it at once: statements that are ready together cost one
 * system call and wake the server once.
 */
export class GatheringSocket extends Socket {
  private gathering = false;

  override connect(...given: unknown[]): this {
    (super.connect as (...all: unknown[]) => this)(...given);
    // Node has put the `write` of every socket in front of ours, for sockets that are used anew.
    Reflect.deleteProperty(this, 'write');
    return this;
  }

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
