import { randomUUID } from 'node:crypto';
import { type DomainDatabase, sql } from '../../database/database.js';
import type { CouponId, UserId } from '../../kernel/ids.js';
import { luaScript } from '../../redis/lua-script.js';
import type { Redis } from '../../redis/redis.js';
import type { Asker } from '../domain/coupon-admission.js';
import type { Request } from './pg-coupon-admissions.js';

/** A coupon with more stays with the database: its copy would take too long to load. */
const COPY_CUSTOMERS_MAX = 100_000;
const PAGE_ROWS_MAX = 10_000;
/** Bounds what a copy can be wrong about that nobody has thought of. */
const COPY_MS_MAX = 600_000;
/** The last moments before a coupon expires are the database's, whose clock decides. */
const BEFORE_EXPIRY_MS = 1_000;
const DRAFT_MS_MAX = 60_000;

const RESERVE = luaScript(new URL('./reserve-coupons.lua', import.meta.url));
const OPEN_RESERVATIONS = luaScript(new URL('./open-reservations.lua', import.meta.url));
const SETTLE = luaScript(new URL('./settle-coupons.lua', import.meta.url));
const OPEN_COPY = luaScript(new URL('./open-copy.lua', import.meta.url));

export interface Reserved {
  /** The oldest ticket that may be open. */
  readonly firstTicket: number;
  readonly openReservations: number;
  readonly answers: readonly ('RESERVED' | 'HAS_RESERVATION' | 'SOLD_OUT' | { readonly admission: number })[];
}

/** What the database decided about a reservation; null: nothing comes of it. */
export interface Settlement {
  readonly userId: UserId;
  readonly reservation: string | null;
  readonly admission: number | null;
}

interface Holder {
  readonly userId: UserId;
  readonly admission: number;
}

/**
 * Copies in Redis of who has which coupon: one hash for each coupon that is open. They are made on demand from the database.
 *
 * Z4: a copy counts only in the epoch in which it was made: this life of the Redis server and this database. A Redis that was
 *     restarted, restored from an old copy or taken over by a replica has no copies, whatever is in it.
 * Z5: a copy holds at least who had the coupon when it was opened: what was written meanwhile is read again after it.
 */
export class CouponCopies {
  private databaseEpoch: Promise<string> | undefined;

  constructor(
    private readonly redis: Redis,
    private readonly database: DomainDatabase,
  ) {}

  /** @returns null when there is no copy. @throws Unavailable */
  async reserve(couponId: CouponId, requests: readonly Request[]): Promise<Reserved | null> {
    const values = requests.flatMap(({ asker, reservation }) => [asker.userId, reservation ?? '']);
    const reply = (await this.redis.script(RESERVE, [keyOf(couponId)], [await this.epoch(), ...values])) as string[] | null;
    if (reply === null) return null;
    const [first, open, ...answers] = reply as [string, string, ...string[]];
    return { firstTicket: Number(first), openReservations: Number(open), answers: answers.map(answerOf) };
  }

  /** The oldest open reservations, in order of admission. @throws Unavailable */
  async openReservations(couponId: CouponId, rowsMax: number): Promise<readonly Request[]> {
    const found = (await this.redis.script(OPEN_RESERVATIONS, [keyOf(couponId)], [await this.epoch(), rowsMax])) as string[];
    return found.map((text) => {
      const [userId, reservation] = text.split(':') as [string, string];
      return { asker: { couponId, userId: Number(userId) as UserId }, reservation };
    });
  }

  /** @throws Unavailable */
  async settle(couponId: CouponId, settlements: readonly Settlement[]): Promise<void> {
    const values = settlements.flatMap(({ userId, reservation, admission }) => [userId, reservation ?? '', admission ?? 0]);
    await this.redis.script(SETTLE, [keyOf(couponId)], [await this.epoch(), ...values]);
  }

  /** A copy that the database has contradicted is made anew at the next asking. @throws Unavailable */
  async drop(couponId: CouponId): Promise<void> {
    await this.redis.command((client) => client.del(keyOf(couponId)));
  }

  /** Makes the copy of a coupon that is open to customers, and small enough. @throws Unavailable */
  async open(couponId: CouponId): Promise<void> {
    const epoch = await this.epoch();
    const [coupon] = await this.database.query<{ quantity: number; opens_in_ms: number; expires_in_ms: number }>(TERMS, [couponId]);
    const livesMs = Math.min(COPY_MS_MAX, (coupon?.expires_in_ms ?? 0) - BEFORE_EXPIRY_MS);
    if (!coupon || coupon.opens_in_ms > 0 || livesMs <= 0 || coupon.quantity > COPY_CUSTOMERS_MAX) return;

    const draft = `${keyOf(couponId)}:draft:${randomUUID()}`;
    let last = 0;
    for await (const page of this.holders(couponId, 0)) {
      const fields = Object.fromEntries(page.map(({ userId, admission }) => [`u${userId}`, admission]));
      await this.redis.command((client) => client.multi().hSet(draft, fields).pExpire(draft, DRAFT_MS_MAX).exec());
      last = page.at(-1)?.admission ?? last;
    }
    await this.redis.script(OPEN_COPY, [keyOf(couponId), draft], [epoch, coupon.quantity, livesMs]);
    for await (const page of this.holders(couponId, last)) {
      await this.settle(
        couponId,
        page.map((holder) => ({ ...holder, reservation: null })),
      );
    }
  }

  private async *holders(couponId: CouponId, after: number): AsyncGenerator<readonly Holder[]> {
    for (let last = after; ;) {
      // oxlint-disable-next-line no-await-in-loop -- a page begins where the one before has ended
      const page = await this.database.query<Holder>(HOLDERS, [couponId, last, PAGE_ROWS_MAX]);
      if (page.length > 0) yield page;
      if (page.length < PAGE_ROWS_MAX) return;
      last = page.at(-1)?.admission ?? last;
    }
  }

  private async epoch(): Promise<string> {
    const { run } = this.redis;
    this.databaseEpoch ??= this.database.query<{ epoch: string }>(EPOCH).then(([gate]) => gate?.epoch ?? '');
    try {
      return `${run}:${await this.databaseEpoch}`;
    } catch (error) {
      this.databaseEpoch = undefined;
      throw error;
    }
  }
}

/** Braces: everything about one coupon belongs to one slot of a cluster. */
const keyOf = (couponId: Asker['couponId']): string => `coupon:{${couponId}}`;

function answerOf(code: string): Reserved['answers'][number] {
  if (code === 'R') return 'RESERVED';
  if (code === 'P') return 'HAS_RESERVATION';
  if (code === 'S') return 'SOLD_OUT';
  return { admission: Number(code.slice(1)) };
}

// A database that was made as a copy of another has its epoch, but not its number.
const EPOCH = sql(
  'coupon.epoch',
  `SELECT gate.epoch || ':' || pg_database.oid AS epoch FROM shop_coupon.gate, pg_database WHERE datname = current_database()`,
);

const TERMS = sql(
  'coupon.terms-of-copy',
  `SELECT quantity,
          ceil(extract(epoch FROM starts_at - clock_timestamp()) * 1000)::float8 AS opens_in_ms,
          floor(extract(epoch FROM expires_at - clock_timestamp()) * 1000)::float8 AS expires_in_ms
   FROM shop_coupon.coupon WHERE id = $1`,
);

const HOLDERS = sql(
  'coupon.holders',
  `SELECT user_id AS "userId", admission FROM shop_coupon.user_coupon WHERE coupon_id = $1 AND admission > $2 ORDER BY admission LIMIT $3`,
);
