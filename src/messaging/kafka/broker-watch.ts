import { Admin } from '@platformatic/kafka';
import type { Unavailable } from '../../kernel/faults.js';
import { Periodic } from '../periodic.js';
import type { KafkaSettings } from '../../config/kafka-settings.js';
import { away, clientOptions } from '../../kafka/client-options.js';

const LOOK_EVERY_MS = 1_000;

export interface BrokerWatchOptions {
  readonly settings: KafkaSettings;
  readonly onAway: (fault: Unavailable) => void;
  readonly onBack: () => void;
}

/** Knows whether Kafka answers, and tells when that changes: whoever waits for its return need not find out by trying. */
export class BrokerWatch {
  private readonly admin: Admin;
  private readonly looking: Periodic;
  private fault: Unavailable | null = null;

  constructor(private readonly options: BrokerWatchOptions) {
    this.admin = new Admin({ ...clientOptions(options.settings, 'ordersaga-watch'), retries: 0 });
    this.looking = new Periodic({ everyMs: LOOK_EVERY_MS, run: () => this.look(), onFault: () => {} });
  }

  start(): void {
    this.looking.start();
  }

  async stop(): Promise<void> {
    await this.looking.stop();
    await this.admin.close().catch(() => {});
  }

  /** Null: it answered when it was asked last. */
  get problem(): Unavailable | null {
    return this.fault;
  }

  async look(): Promise<void> {
    const fault = await this.admin.metadata({ topics: [], forceUpdate: true }).then(
      () => null,
      (error: unknown) => away(this.options.settings, error),
    );
    const before = this.fault;
    this.fault = fault;
    if (fault && !before) this.options.onAway(fault);
    if (before && !fault) this.options.onBack();
  }
}
