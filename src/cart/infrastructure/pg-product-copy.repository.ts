import { Injectable } from '@nestjs/common';
import { pgTransaction, sql } from '../../database/database.js';
import type { ProductId } from '../../kernel/ids.js';
import { toJson } from '../../kernel/money.js';
import type { Transaction } from '../../kernel/transaction.js';
import type { ProductCopy } from '../domain/product-copy.js';
import { ProductCopyRepository } from '../domain/product-copy.repository.js';

/** The copies in the `product` and `product_option` tables of the cart's schema. */
@Injectable()
export class PgProductCopyRepository extends ProductCopyRepository {
  override async replace(tx: Transaction, copies: readonly ProductCopy[]): Promise<void> {
    const replaced = await pgTransaction(tx).query<{ product_id: ProductId }>(REPLACE_PRODUCTS, [
      copies.map(({ productId }) => productId),
      copies.map(({ revision }) => revision),
      copies.map(({ price }) => toJson(price)),
      copies.map(({ onSale }) => onSale),
      copies.map(({ name }) => name),
    ]);
    const newer = new Set(replaced.map(({ product_id }) => product_id));
    if (newer.size === 0) return;
    const options = copies.flatMap((copy) =>
      newer.has(copy.productId) ? copy.options.map((option) => ({ ...option, ...ofProduct(copy) })) : [],
    );
    await pgTransaction(tx).query(REPLACE_OPTIONS, [
      [...newer],
      options.map(({ productOptionId }) => productOptionId),
      options.map(({ productId }) => productId),
      options.map(({ available }) => available),
      options.map(({ name }) => name),
    ]);
  }
}

const ofProduct = ({ productId }: ProductCopy) => ({ productId });

// In one order for all writers, or two batches that meet on two products would deadlock.
const REPLACE_PRODUCTS = sql(
  'cart.replace-products',
  `INSERT INTO shop_cart.product AS known (product_id, revision, price, on_sale, name)
   SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::boolean[], $5::text[]) AS told (product_id, revision, price, on_sale, name)
   ORDER BY product_id
   ON CONFLICT (product_id) DO UPDATE
     SET revision = excluded.revision, price = excluded.price, on_sale = excluded.on_sale, name = excluded.name
     WHERE excluded.revision > known.revision
   RETURNING product_id`,
);

// The products above are locked by now, so their options are nobody else's.
const REPLACE_OPTIONS = sql(
  'cart.replace-options',
  `WITH told AS (
     SELECT * FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[]) AS o (product_option_id, product_id, available, name)
   ), gone AS (
     UPDATE shop_cart.product_option o SET available = 0
     WHERE o.product_id = ANY ($1::bigint[]) AND o.available > 0
       AND NOT EXISTS (SELECT FROM told WHERE told.product_option_id = o.product_option_id)
   )
   INSERT INTO shop_cart.product_option AS known (product_option_id, product_id, available, name)
   SELECT * FROM told ORDER BY product_option_id
   ON CONFLICT (product_option_id) DO UPDATE
     SET product_id = excluded.product_id, available = excluded.available, name = excluded.name
     WHERE (known.product_id, known.available, known.name) IS DISTINCT FROM (excluded.product_id, excluded.available, excluded.name)`,
);
