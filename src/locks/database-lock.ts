import { randomUUID } from 'node:crypto';
import { type DomainDatabase, sql } from '../database/database.js';
import { MicroBatcher } from '../messaging/micro-batcher.js';
import { Lock } from './lock.js';

interface Claim {
  readonly name: string;
  readonly token: string;
  readonly ttlMs: number;
}

/**
 * Locks in the unlogged table `lock` of a domain's schema, for deployments without Redis. Concurrent claims and
 * releases share statements; none of them waits for the disk.
 */
export class DatabaseLock extends Lock {
  private readonly statements: ReturnType<typeof statementsFor>;
  private readonly acquiring: MicroBatcher<Claim, boolean>;
  private readonly releasing: MicroBatcher<Claim, void>;

  constructor(private readonly database: DomainDatabase) {
    super();
    this.statements = statementsFor(database.domain);
    this.acquiring = new MicroBatcher({ name: `${database.domain}.lock`, run: (claims) => this.acquireAll(claims) });
    this.releasing = new MicroBatcher({ name: `${database.domain}.unlock`, run: (claims) => this.releaseAll(claims) });
  }

  override async tryAcquire(name: string, ttlMs: number): Promise<(() => Promise<void>) | null> {
    const claim = { name, token: randomUUID(), ttlMs };
    return (await this.acquiring.submit(claim)) ? () => this.releasing.submit(claim) : null;
  }

  private async acquireAll(claims: readonly Claim[]): Promise<readonly boolean[]> {
    // Of several claims of one name in one batch the first may win; one statement cannot write a row twice.
    const first = [...new Map(claims.toReversed().map((claim) => [claim.name, claim])).values()];
    const won = await this.database.query<{ token: string }>(this.statements.acquire, [
      first.map(({ name }) => name),
      first.map(({ token }) => token),
      first.map(({ ttlMs }) => ttlMs),
    ]);
    const tokens = new Set(won.map(({ token }) => token));
    return claims.map(({ token }) => tokens.has(token));
  }

  private async releaseAll(claims: readonly Claim[]): Promise<readonly void[]> {
    await this.database.query(this.statements.release, [claims.map(({ name }) => name), claims.map(({ token }) => token)]);
    return claims.map(() => undefined);
  }
}

function statementsFor(domain: string) {
  const table = `shop_${domain}.lock`;
  return {
    acquire: sql(
      `locks.${domain}.acquire`,
      `INSERT INTO ${table} AS held (name, token, expires_at)
       SELECT name, token, now() + ttl_ms * interval '1 millisecond'
       FROM unnest($1::text[], $2::text[], $3::bigint[]) AS c (name, token, ttl_ms)
       ORDER BY name
       ON CONFLICT (name) DO UPDATE SET token = EXCLUDED.token, expires_at = EXCLUDED.expires_at
       WHERE held.expires_at <= now()
       RETURNING token`,
    ),
    release: sql(
      `locks.${domain}.release`,
      `DELETE FROM ${table} AS held USING unnest($1::text[], $2::text[]) AS c (name, token)
       WHERE held.name = c.name AND held.token = c.token`,
    ),
  };
}
