import { type PgTransaction, type Statement, pgTransaction } from '../../database/database.js';
import type { Databases } from '../../database/databases.js';
import { ok, refuse, type Refusal, type Result } from '../../kernel/result.js';
import {
  type DeadLetter,
  type DeadLetterAction,
  type DeadLetterDetail,
  deadLetterId,
  type DeadLetterFilter,
  type DeadLetterQuery,
  DeadLetters,
  type FailureRecord,
  type ListPlace,
  partsOf,
  placeOf,
  placeOfAction,
} from '../dead-letters.js';
import type { ShopEvent } from '../event.js';
import { deadLetterStatements, RETRY_ROWS_MAX } from './dead-letter-statements.js';

interface LetterRow {
  readonly parked_id: number;
  readonly state: DeadLetter['state'];
  readonly subscriber: string;
  readonly topic: string;
  readonly source: string;
  readonly event_id: string;
  readonly subject: string;
  readonly never_gives_up: boolean;
  readonly attempts: number;
  readonly failures_total: number;
  readonly next_attempt_at: string | null;
  readonly parked_at: string;
  readonly last_failure: FailureRecord | null;
}

interface DetailRow extends LetterRow {
  readonly event: ShopEvent;
  readonly failures: readonly FailureRecord[];
}

interface ActionRow {
  readonly action_id: number;
  readonly at: string;
  readonly actor: string;
  readonly action: DeadLetterAction['action'];
  readonly reason: string | null;
  readonly parked_id: number;
  readonly subscriber: string;
  readonly event_id: string;
  readonly failures_total: number;
}

interface Act {
  readonly action: DeadLetterAction['action'];
  readonly actor: string;
  readonly reason: string | null;
  readonly mayNot: (letter: LetterRow) => Refusal | null;
  readonly change: 'revive' | 'drop';
}

/** The parked events of all domains of this deployment: each in its own schema, some perhaps in a database of their own. */
export class PgDeadLetters extends DeadLetters {
  private readonly statementsOf: ReadonlyMap<string, ReturnType<typeof deadLetterStatements>>;

  constructor(
    private readonly databases: Databases,
    domains: readonly string[],
  ) {
    super();
    this.statementsOf = new Map(domains.map((domain) => [domain, deadLetterStatements(domain)]));
  }

  override async list({ state, subscriber, topic, after, limit }: DeadLetterQuery): Promise<readonly DeadLetter[]> {
    const filter = [state ?? null, subscriber ?? null, topic ?? null];
    const letters = await this.everywhere('list', [...filter, ...placeValues(after), limit], letterOf);
    return newestFirst(letters, placeOf).slice(0, limit);
  }

  override async find(id: string): Promise<DeadLetterDetail | null> {
    const { domain, number, statements } = this.locate(id) ?? {};
    if (!statements || !domain) return null;
    const [row] = await this.databases.of(domain).query<DetailRow>(statements.find, [number]);
    return row ? { ...letterOf(domain, row), event: row.event, failures: row.failures.map(failureOf) } : null;
  }

  override retry(id: string, { actor }: { readonly actor: string }): Promise<Result<DeadLetterAction>> {
    return this.act(id, { action: 'RETRY', actor, reason: null, change: 'revive', mayNot: notToBeRetried });
  }

  override discard(id: string, by: { readonly actor: string; readonly reason: string }): Promise<Result<DeadLetterAction>> {
    return this.act(id, { action: 'DISCARD', ...by, change: 'drop', mayNot: notToBeDiscarded });
  }

  override resolve(id: string, by: { readonly actor: string; readonly reason: string }): Promise<Result<DeadLetterAction>> {
    return this.act(id, { action: 'RESOLVE', ...by, change: 'drop', mayNot: notToBeResolved });
  }

  override async retryAll({ subscriber, topic }: Omit<DeadLetterFilter, 'state'>, { actor }: { readonly actor: string }): Promise<number> {
    const retryIn = async (domain: string, { reviveMany }: { readonly reviveMany: Statement }): Promise<number> => {
      for (let retried = 0; ;) {
        const rows = await this.databases.of(domain).query(reviveMany, [subscriber ?? null, topic ?? null, actor]);
        retried += rows.length;
        if (rows.length < RETRY_ROWS_MAX) return retried;
      }
    };
    const counts = await Promise.all([...this.statementsOf].map(([domain, statements]) => retryIn(domain, statements)));
    return counts.reduce((total, count) => total + count, 0);
  }

  override async actions({ after, limit }: { after?: ListPlace | undefined; limit: number }): Promise<readonly DeadLetterAction[]> {
    const actions = await this.everywhere('actions', [...placeValues(after), limit], actionOf);
    return newestFirst(actions, placeOfAction).slice(0, limit);
  }

  private async act(id: string, { action, actor, reason, mayNot, change }: Act): Promise<Result<DeadLetterAction>> {
    const { domain, number, statements } = this.locate(id) ?? {};
    if (!statements || !domain) return notFound(id);
    return this.databases.of(domain).run(async (tx): Promise<Result<DeadLetterAction>> => {
      const pg: PgTransaction = pgTransaction(tx);
      const [letter] = await pg.query<LetterRow>(statements.lock, [number]);
      if (!letter) {
        const [busy] = await pg.query(statements.find, [number]);
        return busy ? refuse('BEING_TRIED', `${id} is being tried right now: look again in a moment`) : notFound(id);
      }
      const refusal = mayNot(letter);
      if (refusal) return { ok: false, refusal };
      // A1: before it may be gone.
      const [recorded] = await pg.query<ActionRow>(statements.record, [number, actor, action, reason]);
      await pg.query(statements[change], [number]);
      return ok(actionOf(domain, recorded as ActionRow));
    });
  }

  private locate(id: string) {
    const parts = partsOf(id);
    const statements = parts && this.statementsOf.get(parts.domain);
    return parts && statements ? { ...parts, statements } : null;
  }

  /** No statement spans two databases: every domain answers for itself. */
  private async everywhere<Item>(
    list: 'list' | 'actions',
    values: readonly unknown[],
    itemOf: (domain: string, row: LetterRow & ActionRow) => Item,
  ): Promise<Item[]> {
    const ask = async (domain: string, statement: Statement): Promise<Item[]> =>
      (await this.databases.of(domain).query<LetterRow & ActionRow>(statement, values)).map((row) => itemOf(domain, row));
    return (await Promise.all([...this.statementsOf].map(([domain, statements]) => ask(domain, statements[list])))).flat();
  }
}

const notFound = (id: string): Result<never> =>
  refuse('DEAD_LETTER_NOT_FOUND', `there is no parked event ${id}: it never was, has been handled, or was discarded`);

const notToBeRetried = ({ state, next_attempt_at }: LetterRow): Refusal | null =>
  state === 'WAITING' && next_attempt_at === null
    ? { code: 'WAITS_BEHIND_ANOTHER', message: 'it waits behind an earlier event of its key: retry that one' }
    : null;

const notToBeDiscarded = ({ state }: LetterRow): Refusal | null =>
  state === 'DEAD' ? null : { code: 'NOT_A_DEAD_LETTER', message: 'it is still being tried: only a dead letter can be discarded' };

const notToBeResolved = ({ never_gives_up, failures_total, next_attempt_at }: LetterRow): Refusal | null =>
  never_gives_up && failures_total > 0 && next_attempt_at !== null
    ? null
    : { code: 'NOT_A_STUCK_COMPENSATION', message: 'only a compensation that has failed can be resolved by hand' };

const placeValues = (after: ListPlace | undefined): readonly unknown[] => after ?? [null, null, null];

function newestFirst<Item>(items: readonly Item[], place: (item: Item) => ListPlace): Item[] {
  return items.toSorted((one, other) => comparePlaces(place(other), place(one)));
}

function comparePlaces([at, domain, number]: ListPlace, [otherAt, otherDomain, otherNumber]: ListPlace): number {
  if (at !== otherAt) return at < otherAt ? -1 : 1;
  if (domain !== otherDomain) return domain < otherDomain ? -1 : 1;
  return number - otherNumber;
}

const letterOf = (domain: string, row: LetterRow): DeadLetter => ({
  id: deadLetterId(domain, row.parked_id),
  state: row.state,
  subscriber: row.subscriber,
  topic: row.topic,
  source: row.source,
  eventId: row.event_id,
  subject: row.subject,
  neverGivesUp: row.never_gives_up,
  attempts: row.attempts,
  failuresTotal: row.failures_total,
  nextAttemptAt: row.next_attempt_at,
  parkedAt: row.parked_at,
  lastFailure: row.last_failure && failureOf(row.last_failure),
});

/** The database writes times of JSON with the offset of its session. */
const failureOf = ({ at, name, message }: FailureRecord): FailureRecord => ({ at: new Date(at).toISOString(), name, message });

const actionOf = (domain: string, row: ActionRow): DeadLetterAction => ({
  actionId: deadLetterId(domain, row.action_id),
  at: row.at,
  actor: row.actor,
  action: row.action,
  reason: row.reason,
  deadLetterId: deadLetterId(domain, row.parked_id),
  subscriber: row.subscriber,
  eventId: row.event_id,
  failuresTotal: row.failures_total,
});
