import { sql } from '../../src/database/database.js';
import type { RunningShop } from './running-shop.js';

/** Requests with an idempotency key, and a look at what is kept of them. */
export function keyedRequests(shop: () => RunningShop) {
  const order = (quantity: number) => ({ items: [{ productOptionId: 1, quantity }] });
  return {
    order,
    place: (key: string, json: unknown = order(2), token?: string) =>
      shop().send('/api/things', { json, headers: { 'idempotency-key': key }, ...(token !== undefined && { token }) }),
    slow: (key: string) => shop().send('/api/things/slow', { method: 'POST', headers: { 'idempotency-key': key } }),
    rowsOf: (key: string) =>
      shop().database.query<{ status: number | null }>(sql('test.rows', 'SELECT status FROM shop_http.idempotency_key WHERE key = $1'), [
        key,
      ]),
    /** As if the claim had been made earlier. */
    age: (key: string, interval: string) =>
      shop().database.query(
        sql(
          'test.age',
          'UPDATE shop_http.idempotency_key SET claimed_until = claimed_until - $2::interval, created_at = created_at - $2::interval WHERE key = $1',
        ),
        [key, interval],
      ),
  };
}
