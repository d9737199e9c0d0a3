import { Injectable } from '@nestjs/common';
import { DomainDatabase, pgTransaction, sql } from '../../database/database.js';
import type { CartItemId, UserId } from '../../kernel/ids.js';
import type { Transaction } from '../../kernel/transaction.js';
import { type CartLine, CartQueries } from '../application/cart-queries.port.js';
import type { CartItem } from '../domain/cart.js';
import { OFFERED_COLUMNS, OFFERED_OPTIONS, type OfferedOptionRow, offeredOption } from './offered-option.js';

interface ItemRow extends OfferedOptionRow {
  readonly cart_item_id: CartItemId;
  readonly quantity: number;
}

@Injectable()
export class PgCartQueries extends CartQueries {
  constructor(private readonly database: DomainDatabase) {
    super();
  }

  override async itemsOf(userId: UserId): Promise<readonly CartItem[]> {
    const rows = await this.database.query<ItemRow>(LIST_ITEMS, [userId]);
    return rows.map((row) => ({ ...offeredOption(row), cartItemId: row.cart_item_id, quantity: row.quantity }));
  }

  override linesOf(tx: Transaction, userIds: readonly UserId[]): Promise<readonly CartLine[]> {
    return pgTransaction(tx).query<CartLine>(LIST_LINES, [userIds]);
  }
}

const LIST_ITEMS = sql(
  'cart.list-items',
  `SELECT i.cart_item_id, i.quantity, ${OFFERED_COLUMNS}
   FROM shop_cart.cart_item i JOIN (${OFFERED_OPTIONS}) USING (product_option_id)
   WHERE i.user_id = $1
   ORDER BY i.cart_item_id`,
);

const LIST_LINES = sql(
  'cart.list-lines',
  `SELECT user_id AS "userId", product_option_id AS "productOptionId", quantity
   FROM shop_cart.cart_item WHERE user_id = ANY ($1::bigint[]) ORDER BY cart_item_id`,
);
