import type pg from 'pg';
import { TokenService } from '../../src/http/auth/token-service.js';
import type { UserId } from '../../src/kernel/ids.js';
import { JWT_SECRET } from './settings.js';

export interface Customer {
  readonly userId: number;
}

// What signing up and topping up leave behind, without the hashing of passwords: that alone would take minutes.
const OPEN_ACCOUNTS = `
  WITH opened AS (
    INSERT INTO shop_user.account (email, password_hash, role, balance)
    SELECT $1 || '-' || number || '@example.com', 'cannot log in', 'customer', $3
    FROM generate_series(1, $2::int) AS number
    RETURNING id, balance
  ), topped_up AS (
    INSERT INTO shop_user.ledger_entry (user_id, amount, before_amount, after_amount, code, contra_account, note)
    SELECT id, balance, 0, balance, 'CHARGE', 'external-funds', 'for the benchmark' FROM opened WHERE balance > 0
  )
  SELECT id AS "userId" FROM opened ORDER BY id`;

export async function openAccounts(database: pg.Client, name: string, count: number, balance: number): Promise<readonly Customer[]> {
  const { rows } = await database.query<{ userId: string }>(OPEN_ACCOUNTS, [name, count, balance]);
  return rows.map(({ userId }) => ({ userId: Number(userId) }));
}

/** Fresh ones: the shop has never seen them, and they live for 15 minutes from now. */
export async function accessTokens(customers: readonly Customer[]): Promise<string[]> {
  const service = new TokenService(JWT_SECRET);
  const issued = await Promise.all(customers.map(({ userId }) => service.issue({ userId: userId as UserId, role: 'customer' })));
  return issued.map(({ accessToken }) => accessToken);
}
