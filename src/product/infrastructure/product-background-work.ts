import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Periodic, type PeriodicOptions } from '../../messaging/periodic.js';
import { PublishAvailabilityUseCase } from '../application/publish-availability.use-case.js';
import { ReleaseExpiredHoldsUseCase } from '../application/release-expired-holds.use-case.js';

const PUBLISH_EVERY_MS = 500;
/** So that telling of thousands of products, each sold once, takes little from those who buy them. */
const PUBLISH_PAUSE_MS = 250;
const SWEEP_EVERY_MS = 1_000;

/** What the product domain does without being asked: frees expired holds, and tells how much is available. */
@Injectable()
export class ProductBackgroundWork implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Product');
  private readonly works: readonly Periodic[];

  constructor(publishAvailability: PublishAvailabilityUseCase, releaseExpiredHolds: ReleaseExpiredHoldsUseCase) {
    this.works = [
      this.periodic('publishing availability', {
        everyMs: PUBLISH_EVERY_MS,
        pauseMs: PUBLISH_PAUSE_MS,
        run: () => publishAvailability.execute(),
      }),
      this.periodic('releasing expired holds', { everyMs: SWEEP_EVERY_MS, run: () => releaseExpiredHolds.execute() }),
    ];
  }

  onApplicationBootstrap(): void {
    for (const work of this.works) work.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.works.map((work) => work.stop()));
  }

  private periodic(name: string, work: Omit<PeriodicOptions, 'onFault'>): Periodic {
    const onFault = (fault: unknown): void => this.logger.warn({ err: fault }, `${name} failed, trying again in ${work.everyMs} ms`);
    return new Periodic({ ...work, onFault });
  }
}
