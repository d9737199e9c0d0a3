import { Injectable } from '@nestjs/common';
import { BY_INDEX } from '../../database/by-index.js';
import { pgTransaction, sql } from '../../database/database.js';
import type { CartItemId, ProductOptionId, UserId } from '../../kernel/ids.js';
import type { Transaction } from '../../kernel/transaction.js';
import type { CartState } from '../domain/cart.js';
import { CartRepository } from '../domain/cart.repository.js';
import type { Purchase } from '../domain/purchase.js';
import { OFFERED_COLUMNS, OFFERED_OPTIONS, type OfferedOptionRow, offeredOption } from './offered-option.js';

type StateRow = { readonly others_amount: string; readonly quantity: number } & (OfferedOptionRow | { readonly product_id: null });

/** The carts in the `cart` and `cart_item` tables. Every statement that adds or removes items keeps `cart.lines` in step. */
@Injectable()
export class PgCartRepository extends CartRepository {
  override async lock(tx: Transaction, userId: UserId): Promise<number> {
    const [cart] = await pgTransaction(tx).query<{ lines: number }>(LOCK_CART, [userId]);
    return theOne(cart).lines;
  }

  override async stateOf(tx: Transaction, userId: UserId, productOptionId: ProductOptionId): Promise<Omit<CartState, 'lines'>> {
    const state = theOne((await pgTransaction(tx).query<StateRow>(READ_STATE, [userId, productOptionId]))[0]);
    return {
      othersAmount: BigInt(state.others_amount),
      quantity: state.quantity,
      option: state.product_id === null ? undefined : offeredOption(state),
    };
  }

  override async optionOf(tx: Transaction, userId: UserId, cartItemId: CartItemId): Promise<ProductOptionId | undefined> {
    const [item] = await pgTransaction(tx).query<{ product_option_id: ProductOptionId }>(FIND_OPTION, [userId, cartItemId]);
    return item?.product_option_id;
  }

  override async put(tx: Transaction, userId: UserId, productOptionId: ProductOptionId, quantity: number): Promise<CartItemId> {
    const [item] = await pgTransaction(tx).query<{ cart_item_id: CartItemId }>(PUT_ITEM, [userId, productOptionId, quantity]);
    return theOne(item).cart_item_id;
  }

  override async remove(tx: Transaction, userId: UserId, cartItemId: CartItemId): Promise<boolean> {
    const removed = await pgTransaction(tx).query(REMOVE_ITEM, [userId, cartItemId]);
    return removed.length > 0;
  }

  override async clear(tx: Transaction, userId: UserId): Promise<void> {
    await pgTransaction(tx).query(CLEAR_CART, [userId]);
  }

  override async takeOut(tx: Transaction, purchases: readonly Purchase[]): Promise<void> {
    const userIds = purchases.map(({ userId }) => userId);
    const locked = await pgTransaction(tx).query(LOCK_CARTS, [userIds]);
    if (locked.length === 0) return;
    await pgTransaction(tx).query(TAKE_OUT, [
      userIds,
      purchases.map(({ productOptionId }) => productOptionId),
      purchases.map(({ quantity }) => quantity),
    ]);
  }
}

function theOne<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new Error('the statement returned no row');
  return row;
}

// Unlike SELECT … FOR UPDATE it also locks the cart that is not there yet, and sees what others have committed meanwhile.
const LOCK_CART = sql(
  'cart.lock-cart',
  `INSERT INTO shop_cart.cart (user_id) VALUES ($1)
   ON CONFLICT (user_id) DO UPDATE SET changed_at = now()
   RETURNING lines`,
);

const READ_STATE = sql(
  'cart.read-state',
  `SELECT ${OFFERED_COLUMNS}, coalesce(i.quantity, 0) AS quantity, others.amount::text AS others_amount
   FROM (SELECT coalesce(sum(quantity * price::numeric), 0) AS amount
         FROM shop_cart.cart_item JOIN (${OFFERED_OPTIONS}) USING (product_option_id)
         WHERE user_id = $1 AND product_option_id <> $2) AS others
   LEFT JOIN (${OFFERED_OPTIONS}) ON o.product_option_id = $2
   LEFT JOIN shop_cart.cart_item i ON i.user_id = $1 AND i.product_option_id = $2`,
);

const FIND_OPTION = sql('cart.find-option', `SELECT product_option_id FROM shop_cart.cart_item WHERE user_id = $1 AND cart_item_id = $2`);

// The count looks at the items as they stood before this statement.
const PUT_ITEM = sql(
  'cart.put-item',
  `WITH counted AS (
     UPDATE shop_cart.cart SET lines = lines + 1
     WHERE user_id = $1 AND NOT EXISTS (SELECT FROM shop_cart.cart_item WHERE user_id = $1 AND product_option_id = $2)
   )
   INSERT INTO shop_cart.cart_item (user_id, product_option_id, quantity) VALUES ($1, $2, $3)
   ON CONFLICT (user_id, product_option_id) DO UPDATE SET quantity = excluded.quantity
   RETURNING cart_item_id`,
);

const REMOVE_ITEM = sql(
  'cart.remove-item',
  `WITH removed AS (
     DELETE FROM shop_cart.cart_item WHERE user_id = $1 AND cart_item_id = $2 RETURNING user_id
   )
   UPDATE shop_cart.cart SET lines = lines - 1 FROM removed WHERE cart.user_id = removed.user_id
   RETURNING cart.user_id`,
);

const CLEAR_CART = sql(
  'cart.clear-cart',
  `WITH removed AS (
     DELETE FROM shop_cart.cart_item WHERE user_id = $1
   )
   UPDATE shop_cart.cart SET lines = 0 WHERE user_id = $1`,
);

const LOCK_CARTS = sql(
  'cart.lock-carts',
  `SELECT user_id FROM shop_cart.cart WHERE user_id = ANY ($1::bigint[]) AND lines > 0 ORDER BY user_id FOR UPDATE`,
);

const TAKE_OUT = sql(
  'cart.take-out',
  `WITH bought AS (
     SELECT user_id, product_option_id, quantity
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) WITH ORDINALITY AS b (user_id, product_option_id, quantity, nth) WHERE ${BY_INDEX}
   ), reduced AS (
     UPDATE shop_cart.cart_item i SET quantity = i.quantity - b.quantity
     FROM bought b
     WHERE i.user_id = b.user_id AND i.product_option_id = b.product_option_id AND i.quantity > b.quantity
   ), removed AS (
     DELETE FROM shop_cart.cart_item i USING bought b
     WHERE i.user_id = b.user_id AND i.product_option_id = b.product_option_id AND i.quantity <= b.quantity
     RETURNING i.user_id
   )
   UPDATE shop_cart.cart c SET lines = c.lines - r.items, changed_at = now()
   FROM (SELECT user_id, count(*) AS items FROM removed GROUP BY user_id) AS r
   WHERE c.user_id = r.user_id`,
);
