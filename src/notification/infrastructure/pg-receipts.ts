import { Injectable } from '@nestjs/common';
import { DomainDatabase, pgTransaction, sql } from '../../database/database.js';
import type { OrderId, UserId } from '../../kernel/ids.js';
import type { Transaction } from '../../kernel/transaction.js';
import { type IssuedReceipt, Receipts } from '../application/receipts.port.js';
import type { Receipt } from '../domain/receipt.js';

const ISSUE = sql(
  'notification.issue-receipts',
  `INSERT INTO shop_notification.receipt (order_id, user_id, contents)
   SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::jsonb[])
   ON CONFLICT (order_id) DO NOTHING`,
);
const FIND = sql(
  'notification.find-receipt',
  `SELECT contents, issued_at FROM shop_notification.receipt WHERE order_id = $1 AND ($2::bigint IS NULL OR user_id = $2)`,
);

@Injectable()
export class PgReceipts extends Receipts {
  constructor(private readonly database: DomainDatabase) {
    super();
  }

  override issue(tx: Transaction, receipts: readonly Receipt[]): Promise<void> {
    pgTransaction(tx).send(ISSUE, [
      receipts.map(({ orderId }) => orderId),
      receipts.map(({ userId }) => userId),
      receipts.map((receipt) => JSON.stringify(receipt)),
    ]);
    return Promise.resolve();
  }

  override async find(orderId: OrderId, reader: UserId | null): Promise<IssuedReceipt | null> {
    const [row] = await this.database.query<{ contents: Receipt; issued_at: Date }>(FIND, [orderId, reader]);
    return row ? { ...row.contents, issuedAt: row.issued_at.toISOString() } : null;
  }
}
