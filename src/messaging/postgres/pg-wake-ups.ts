import { randomUUID } from 'node:crypto';
import { sql } from '../../database/database.js';
import type { Databases } from '../../database/databases.js';
import type { Listening } from '../../database/listening.js';

const CHANNEL = 'ordersaga_appended';
const NOTIFY_PAUSE_MS = 50;
const NOTIFY = sql('messaging.notify-appended', `SELECT pg_notify('${CHANNEL}', $1)`);

/** What the payload says: who tells, and which types each source has appended. */
interface Told {
  readonly by: string;
  readonly appended: Readonly<Record<string, readonly string[]>>;
}

export interface PgWakeUpsOptions {
  readonly databases: Databases;
  /** The domains whose logs this process appends to and reads. */
  readonly sources: readonly string[];
  /** Another process has appended events of these types; null: anything may have been appended. */
  readonly onAppended: (source: string, types: ReadonlySet<string> | null) => void;
}

/**
 * Tells other processes on the same databases that something was appended.
 *
 * W1: no business transaction notifies, because NOTIFY takes one lock of the whole database at commit. It is a statement of its
 *     own after the commit, at most one in {@link NOTIFY_PAUSE_MS} for each process and database.
 * W2: it is a hint: one that is lost (a crash before it, a broken connection, a failed statement) costs at most the poll
 *     interval of the consumers. After each interruption they all look once.
 * W3: a process does not wake itself: it has hinted its own consumers before.
 */
export class PgWakeUps {
  private readonly self = randomUUID();
  private readonly notifiers: ReadonlyMap<string, Notifier>;
  private readonly listenings: readonly Listening[];

  constructor(private readonly options: PgWakeUpsOptions) {
    const groups = options.databases.together(options.sources);
    this.notifiers = new Map(
      groups.flatMap((group) => {
        const notifier = new Notifier((appended) => this.notify(group[0], appended));
        return group.map((source) => [source, notifier] as const);
      }),
    );
    this.listenings = groups.map((group) =>
      options.databases.listen(group[0], {
        channel: CHANNEL,
        onNotification: (payload) => this.hear(payload),
        onListening: () => group.forEach((source) => options.onAppended(source, null)),
      }),
    );
  }

  start(): void {
    for (const listening of this.listenings) listening.start();
  }

  async stop(): Promise<void> {
    const notifiers = [...new Set(this.notifiers.values())];
    await Promise.all([...notifiers.map((notifier) => notifier.stop()), ...this.listenings.map((listening) => listening.stop())]);
  }

  /** After the commit. */
  tell(source: string, types: ReadonlySet<string>): void {
    this.notifiers.get(source)?.add(source, types);
  }

  private async notify(domain: string, appended: Told['appended']): Promise<void> {
    const told: Told = { by: this.self, appended };
    // W2
    await this.options.databases
      .of(domain)
      .query(NOTIFY, [JSON.stringify(told)])
      .catch(() => {});
  }

  private hear(payload: string): void {
    const { by, appended } = JSON.parse(payload) as Told;
    if (by === this.self) return;
    for (const [source, types] of Object.entries(appended)) this.options.onAppended(source, new Set(types));
  }
}

/** Gathers what was appended while the last notification was under way or has just been. */
class Notifier {
  private readonly waiting = new Map<string, Set<string>>();
  private sending: Promise<void> | undefined;
  private stopped = false;
  private endPause: () => void = () => {};

  constructor(private readonly send: (appended: Told['appended']) => Promise<void>) {}

  add(source: string, types: ReadonlySet<string>): void {
    this.waiting.set(source, (this.waiting.get(source) ?? new Set()).union(types));
    this.sending ??= this.sendAll().finally(() => (this.sending = undefined));
  }

  /** Sends what is waiting and ends. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.endPause();
    await this.sending;
  }

  private async sendAll(): Promise<void> {
    while (this.waiting.size > 0) {
      const appended = Object.fromEntries([...this.waiting].map(([source, types]) => [source, [...types]]));
      this.waiting.clear();
      await this.send(appended);
      if (!this.stopped) await this.pause();
    }
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, NOTIFY_PAUSE_MS);
      this.endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
