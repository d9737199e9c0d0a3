import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Periodic } from '../../messaging/periodic.js';
import { PublishAvailabilityUseCase } from '../application/publish-availability.use-case.js';
import { ReleaseExpiredHoldsUseCase } from '../application/release-expired-holds.use-case.js';

const PUBLISH_EVERY_MS = 500;
const SWEEP_EVERY_MS = 1_000;

/** What the product domain does without being asked: frees expired holds, and tells how much is available. */
@Injectable()
export class ProductBackgroundWork implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Product');
  private readonly works: readonly Periodic[];

  constructor(publishAvailability: PublishAvailabilityUseCase, releaseExpiredHolds: ReleaseExpiredHoldsUseCase) {
    this.works = [
      this.periodic('publishing availability', PUBLISH_EVERY_MS, () => publishAvailability.execute()),
      this.periodic('releasing expired holds', SWEEP_EVERY_MS, () => releaseExpiredHolds.execute()),
    ];
  }

  onApplicationBootstrap(): void {
    for (const work of this.works) work.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.works.map((work) => work.stop()));
  }

  private periodic(name: string, everyMs: number, run: () => Promise<boolean>): Periodic {
    const onFault = (fault: unknown): void => this.logger.warn({ err: fault }, `${name} failed, trying again in ${everyMs} ms`);
    return new Periodic({ everyMs, run, onFault });
  }
}
