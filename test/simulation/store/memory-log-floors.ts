import { type Floor, LogFloors } from '../../../src/messaging/event-log.js';
import type { Context } from '../scheduler.js';
import type { MemoryDatabase } from './memory-database.js';
import { type MemoryUnitOfWork, memoryTransaction } from './memory-unit-of-work.js';
import { lockOf } from './table.js';

/** The floors of one domain's log, and the gate that keeps them from rising (R2). */
export class MemoryLogFloors extends LogFloors {
  constructor(
    private readonly database: MemoryDatabase,
    private readonly unitOfWork: MemoryUnitOfWork,
    private readonly context: Context,
  ) {
    super();
  }

  override floors(): Promise<readonly Floor[]> {
    const { domain } = this.unitOfWork;
    return this.database.look(domain, this.context, 'read floors', () => this.now());
  }

  override async atFloor(work: (floors: readonly Floor[]) => Promise<void>): Promise<void> {
    const { logGate } = this.database;
    await this.unitOfWork.run(async (tx) => {
      const floors = await memoryTransaction(tx).statement('hold the gate', {
        locks: () => [lockOf(logGate, this.unitOfWork.domain)],
        run: () => this.now(),
      });
      await work(floors);
    });
  }

  private now(): readonly Floor[] {
    const { domain } = this.unitOfWork;
    return this.database.logOf(domain).floors();
  }
}
