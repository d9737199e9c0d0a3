import type { UnitOfWork } from '../../kernel/transaction.js';
import { Consumer } from '../consumer.js';
import type { EventBus } from '../event-bus.js';
import type { CursorStore, EventFeed, Floor, LoggedEvent, LogFloors } from '../event-log.js';
import type { OnFault } from '../on-fault.js';
import type { ParkedEvents } from '../parked-events.js';
import { Periodic } from '../periodic.js';
import { loggedMessageOf } from './messages.js';
import type { Gap } from './received-events.js';
import type { Sender } from './sender.js';

const FLOOR_KNOWN_FOR_MS = 60_000;
const FIRST_POSITION = 1;
const REMIND_EVERY_MS = 60_000;
const AT_ONCE_MS = 0;

export interface EventRelayOptions {
  readonly type: string;
  readonly topic: string;
  readonly log: EventFeed;
  readonly floors: LogFloors;
  readonly cursors: CursorStore;
  readonly parked: ParkedEvents;
  readonly unitOfWork: UnitOfWork;
  readonly sender: Sender;
  readonly bus: EventBus;
  readonly onFault: OnFault;
  /** For tests. */
  readonly remindEveryMs?: number;
}

/** The subscriber under whose name a domain's events go to Kafka. */
export const relayOf = (domain: string): string => `${domain}.kafka-relay`;

/**
 * Carries one event type of a domain's log to Kafka: a subscriber like any other, whose effect is to send.
 *
 * Y1: its cursor moves after the acknowledgement, so what Kafka lacks is behind the cursor: repeats there are, gaps are not.
 *     Of several processes each sends on from the cursor, so their batches may repeat each other, but leave nothing out.
 * Y2: it never parks an event: that would be a gap for all subscribers. Whatever fails, no event is the culprit, and all
 *     wait, as in an outage (C5).
 * Y3: a subscriber that misses something all the same (Kafka lost what it had acknowledged) has the cursor moved back,
 *     and gets everything from there on again. Whoever has had it drops it (N1).
 * Y4: the last event of each shard is sent again at the start and from time to time. So whoever misses the last events
 *     of all notices, too, and not only when the next one comes.
 */
export class EventRelay {
  private readonly consumer: Consumer;
  private readonly reminding: Periodic;
  private known = new Map<number, number>();
  private knownAtMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: EventRelayOptions) {
    const { log, remindEveryMs = REMIND_EVERY_MS } = options;
    this.consumer = new Consumer({
      ...options,
      subscriber: relayOf(log.source),
      effect: { mode: 'outside', handle: (events) => this.send(events) },
      neverParks: true,
    });
    // What fails here is made up by the next round, and a Kafka that is away is told of elsewhere.
    this.reminding = new Periodic({ everyMs: remindEveryMs, run: () => this.remind(), onFault: () => {} });
  }

  get identity() {
    return this.consumer.identity;
  }

  start(): void {
    this.consumer.start();
    this.reminding.start(AT_ONCE_MS);
  }

  hint(): void {
    this.consumer.hint();
  }

  async stop(): Promise<void> {
    await Promise.all([this.consumer.stop(), this.reminding.stop()]);
  }

  lag(): Promise<number> {
    return this.consumer.lag();
  }

  /** Y3. Only as far back as the log goes, which cannot lose more meanwhile, and then no more than the cursor has passed (R2). */
  async rewind({ shard, from }: Pick<Gap, 'shard' | 'from'>): Promise<void> {
    const { cursors } = this.options;
    await this.options.floors.atFloor(async (floors) => {
      this.take(floors);
      await cursors.moveBack(this.identity, { shard, position: Math.max(from, this.floorOf(shard)) - 1 });
    });
    this.consumer.cursorsMoved();
  }

  private async send(events: readonly LoggedEvent[]): Promise<void> {
    const { topic, sender } = this.options;
    if (performance.now() - this.knownAtMs > FLOOR_KNOWN_FOR_MS) this.take(await this.options.floors.floors());
    await sender.sendInOrder(events.map((event) => loggedMessageOf(topic, event, this.floorOf(event.shard))));
  }

  /** Y4. What is behind the cursor goes out anyway. */
  private async remind(): Promise<void> {
    const { log, type, cursors } = this.options;
    const [heads, sent] = await Promise.all([log.heads(type), cursors.positions(this.identity)]);
    const upToDate = heads.filter((head) => sent.some(({ shard, position }) => shard === head.shard && position === head.position));
    const before = upToDate.map(({ shard, position }) => ({ shard, position: position - 1 }));
    if (before.length === 0) return;
    const last = await log.read(type, before, 1);
    // None, when the log has dropped them meanwhile.
    if (last.length > 0) await this.send(last);
  }

  private floorOf(shard: number): number {
    return this.known.get(shard) ?? FIRST_POSITION;
  }

  private take(floors: readonly Floor[]): void {
    this.known = new Map(floors.flatMap(({ type, shard, position }) => (type === this.options.type ? [[shard, position] as const] : [])));
    this.knownAtMs = performance.now();
  }
}
