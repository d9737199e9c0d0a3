import { Logger } from '@nestjs/common';
import { Periodic } from '../periodic.js';
import type { PgLogEpochs } from './pg-log-epochs.js';

const ROUND_MS = 60_000;

/** Keeps a log at its length, in every process: the database lets one of them at it. */
export class LogJanitor {
  private readonly logger = new Logger('EventLog');
  private readonly periodic: Periodic;
  private toldOf = '';

  constructor(
    private readonly source: string,
    private readonly epochs: PgLogEpochs,
  ) {
    const onFault = (fault: unknown): void =>
      this.logger.warn({ err: fault }, `the event log of ${source} stays as long as it is, trying again in ${ROUND_MS} ms`);
    this.periodic = new Periodic({ everyMs: ROUND_MS, run: () => this.round(), onFault });
  }

  start(): void {
    this.periodic.start();
  }

  stop(): Promise<void> {
    return this.periodic.stop();
  }

  private async round(): Promise<boolean> {
    const { did, heldBy } = await this.epochs.round();
    this.tellWho(heldBy.join(', '));
    return did !== 'nothing';
  }

  /** Once for each that holds it, not each minute. */
  private tellWho(holders: string): void {
    if (holders !== '' && holders !== this.toldOf) {
      this.logger.warn(`the event log of ${this.source} keeps events past their retention, because they have not been read by ${holders}`);
    }
    this.toldOf = holders;
  }
}
