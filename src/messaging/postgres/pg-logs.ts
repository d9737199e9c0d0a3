import type { Databases } from '../../database/databases.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { Floor, Subscriber } from '../event-log.js';
import { domainOf } from '../listener.js';
import { LogJanitor } from './log-janitor.js';
import { PgCursorStore } from './pg-cursor-store.js';
import { PgEventLog } from './pg-event-log.js';
import { PgLogEpochs } from './pg-log-epochs.js';
import { PgWakeUps } from './pg-wake-ups.js';

const DAY_MS = 24 * 60 * 60_000;
export const RETENTION_DAYS = 7;
const EPOCH_MS = DAY_MS;
const EPOCH_GRACE_MS = 60_000;

export interface PgLogsOptions {
  readonly catalogue: EventCatalogue;
  readonly databases: Databases;
  /** The domains whose logs these are. */
  readonly sources: readonly string[];
  /** In whose databases the cursors of a log's readers stand. */
  readonly readersOf: (source: string) => readonly string[];
  readonly retentionDays: number;
  /** Events of these types were appended, here or by another process; null: anything may have been. */
  readonly onAppended: (source: string, types: ReadonlySet<string> | null) => void;
}

/** The logs of some domains, with all that keeps them: their length, cursors that begin at the floor, and hints between processes. */
export class PgLogs {
  private readonly logs: ReadonlyMap<string, PgEventLog>;
  private readonly epochs: ReadonlyMap<string, PgLogEpochs>;
  private readonly janitors: readonly LogJanitor[];
  private readonly wakeUps: PgWakeUps;

  constructor(private readonly options: PgLogsOptions) {
    const { databases, sources, readersOf, retentionDays, onAppended } = options;
    const times = { epochMs: EPOCH_MS, retentionMs: retentionDays * DAY_MS, graceMs: EPOCH_GRACE_MS };
    const epochsOf = (source: string): PgLogEpochs => new PgLogEpochs({ databases, source, subscribingDomains: readersOf(source), times });
    this.logs = new Map(sources.map((source) => [source, new PgEventLog(databases.of(source))]));
    this.epochs = new Map(sources.map((source) => [source, epochsOf(source)]));
    this.janitors = [...this.epochs].map(([source, epochs]) => new LogJanitor(source, epochs));
    this.wakeUps = new PgWakeUps({ databases, sources, onAppended });
  }

  of(source: string): PgEventLog {
    return known(this.logs, source);
  }

  epochsOf(source: string): PgLogEpochs {
    return known(this.epochs, source);
  }

  /** From now on events can be published. */
  async open(): Promise<void> {
    const { catalogue } = this.options;
    const open = ([source, log]: [string, PgEventLog]): Promise<void> => log.open(catalogue.publishedBy(source).map(({ type }) => type));
    await Promise.all([...this.logs].map(open));
  }

  /** New readers begin with the oldest event that is kept. */
  async openCursors(readers: readonly Subscriber[]): Promise<void> {
    const { databases } = this.options;
    const cursorsOf = (domain: string): PgCursorStore => new PgCursorStore(databases.of(domain));
    const found = await Promise.all([...byDomain(readers)].map(([domain, identities]) => cursorsOf(domain).unopened(identities)));
    const openAt = async (floors: readonly Floor[], unopened: readonly Subscriber[]): Promise<void> => {
      await Promise.all([...byDomain(unopened)].map(([domain, identities]) => cursorsOf(domain).open(identities, floors)));
    };
    const bySource = Map.groupBy(found.flat(), ({ source }) => source);
    await Promise.all([...bySource].map(([source, unopened]) => this.epochsOf(source).atFloor((floors) => openAt(floors, unopened))));
  }

  start(): void {
    for (const part of [this.wakeUps, ...this.janitors]) part.start();
  }

  /** Tells everybody, this process first, after the commit. */
  appended(source: string, types: ReadonlySet<string>): void {
    this.options.onAppended(source, types);
    this.wakeUps.tell(source, types);
  }

  /** After the readers: what their last effects appended is told. */
  async stop(): Promise<void> {
    await Promise.all(this.janitors.map((janitor) => janitor.stop()));
    await this.wakeUps.stop();
  }
}

const byDomain = (subscribers: readonly Subscriber[]): Map<string, Subscriber[]> =>
  Map.groupBy(subscribers, ({ subscriber }) => domainOf(subscriber));

function known<T>(bySource: ReadonlyMap<string, T>, source: string): T {
  const found = bySource.get(source);
  if (!found) throw new Error(`the log of ${source} is not served by this process`);
  return found;
}
