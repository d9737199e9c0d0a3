import { Injectable } from '@nestjs/common';
import { pgTransaction, sql } from '../../database/database.js';
import type { ProductId, ProductOptionId, UserId } from '../../kernel/ids.js';
import { money, toJson } from '../../kernel/money.js';
import type { Transaction } from '../../kernel/transaction.js';
import {
  type NewProduct,
  type ProductChanges,
  ProductRepository,
  type PublishedProduct,
  type Receipt,
  type StalePage,
  type StockLevel,
  type StockReceipt,
} from '../domain/product.repository.js';

const INSERT_PRODUCT = sql(
  'product.insert-product',
  `WITH created AS (
     INSERT INTO shop_product.product (name, description, category, price, on_sale) VALUES ($1, $2, $3, $4, $5)
     RETURNING product_id
   ), options AS (
     INSERT INTO shop_product.product_option (product_id, name, stock)
     SELECT created.product_id, o.name, o.stock
     FROM created, unnest($6::text[], $7::bigint[]) WITH ORDINALITY AS o (name, stock, position)
     ORDER BY o.position
     RETURNING product_option_id, stock
   ), receipts AS (
     INSERT INTO shop_product.stock_receipt (product_option_id, quantity, operator_id, note)
     SELECT product_option_id, stock, $8, 'initial stock' FROM options WHERE stock > 0
   )
   SELECT product_id FROM created`,
);

const CHANGE_PRODUCT = sql(
  'product.change-product',
  `UPDATE shop_product.product
   SET name = coalesce($2, name), description = coalesce($3, description), category = coalesce($4, category),
       price = coalesce($5, price), on_sale = coalesce($6, on_sale)
   WHERE product_id = $1
   RETURNING product_id`,
);

const BOOK_RECEIPT = sql(
  'product.book-receipt',
  `WITH receipt AS (
     INSERT INTO shop_product.stock_receipt (product_option_id, quantity, note, operator_id, request_key)
     SELECT product_option_id, $2, $3, $4, $5 FROM shop_product.product_option WHERE product_option_id = $1
     ON CONFLICT DO NOTHING
     RETURNING product_option_id, quantity
   )
   UPDATE shop_product.product_option o SET stock = o.stock + receipt.quantity
   FROM receipt WHERE o.product_option_id = receipt.product_option_id
   RETURNING o.product_id AS "productId", o.stock, o.stock - o.reserved AS available`,
);

const FIND_BOOKED = sql(
  'product.find-booked-receipt',
  `SELECT o.product_id AS "productId", o.stock, o.stock - o.reserved AS available,
          r.product_option_id = o.product_option_id AND r.quantity = $2 AS same
   FROM shop_product.product_option o
   LEFT JOIN shop_product.stock_receipt r ON r.operator_id = $3 AND r.request_key = $4
   WHERE o.product_option_id = $1`,
);

const REVISE = sql(
  'product.revise-products',
  `WITH locked AS MATERIALIZED (
     SELECT product_id FROM shop_product.product WHERE product_id = ANY ($1::bigint[]) ORDER BY product_id FOR UPDATE
   )
   UPDATE shop_product.product p SET revision = p.revision + 1
   FROM locked WHERE p.product_id = locked.product_id
   RETURNING p.product_id, p.revision, p.name, p.price, p.on_sale`,
);

const NOTE_AVAILABILITY = sql(
  'product.note-availability',
  `WITH current AS (
     SELECT product_option_id, product_id, name, stock - reserved AS available
     FROM shop_product.product_option WHERE product_id = ANY ($1::bigint[])
   ), noted AS (
     INSERT INTO shop_product.published_availability (product_option_id, available)
     SELECT product_option_id, available FROM current
     ON CONFLICT (product_option_id) DO UPDATE SET available = excluded.available
   )
   SELECT product_option_id, product_id, name, available FROM current ORDER BY product_option_id`,
);

const STALE = sql(
  'product.stale-products',
  `SELECT DISTINCT o.product_id
   FROM shop_product.product_option o LEFT JOIN shop_product.published_availability told USING (product_option_id)
   WHERE o.product_id = ANY ($1::bigint[]) AND told.available IS DISTINCT FROM o.stock - o.reserved`,
);

const STALE_PAGE = sql(
  'product.stale-page',
  `SELECT o.product_option_id, o.product_id, told.available IS DISTINCT FROM o.stock - o.reserved AS stale
   FROM shop_product.product_option o
   LEFT JOIN shop_product.published_availability told ON told.product_option_id = o.product_option_id AND told.product_option_id > $1
   WHERE o.product_option_id > $1
   ORDER BY o.product_option_id LIMIT $2`,
);

interface RevisedRow {
  readonly product_id: ProductId;
  readonly revision: number;
  readonly name: string;
  readonly price: number;
  readonly on_sale: boolean;
}

interface OptionRow {
  readonly product_option_id: ProductOptionId;
  readonly product_id: ProductId;
  readonly name: string;
  readonly available: number;
}

interface StaleRow {
  readonly product_option_id: ProductOptionId;
  readonly product_id: ProductId;
  readonly stale: boolean;
}

/** `product`, `product_option`, `stock_receipt` and `published_availability`. */
@Injectable()
export class PgProductRepository extends ProductRepository {
  override async insert(tx: Transaction, product: NewProduct, operatorId: UserId): Promise<ProductId> {
    const { name, description, category, price, onSale, options } = product;
    const [created] = await pgTransaction(tx).query<{ product_id: ProductId }>(INSERT_PRODUCT, [
      name,
      description,
      category,
      toJson(price),
      onSale,
      options.map((option) => option.name),
      options.map(({ stock }) => stock),
      operatorId,
    ]);
    if (!created) throw new Error('a product without an id');
    return created.product_id;
  }

  override async change(tx: Transaction, productId: ProductId, changes: ProductChanges): Promise<boolean> {
    const { name = null, description = null, category = null, price, onSale = null } = changes;
    const values = [productId, name, description, category, price === undefined ? null : toJson(price), onSale];
    return (await pgTransaction(tx).query(CHANGE_PRODUCT, values)).length > 0;
  }

  override async receive(tx: Transaction, receipt: StockReceipt): Promise<Receipt> {
    const { productOptionId, quantity, note, operatorId, requestKey } = receipt;
    const pg = pgTransaction(tx);
    const [booked] = await pg.query<StockLevel>(BOOK_RECEIPT, [productOptionId, quantity, note, operatorId, requestKey]);
    if (booked) return { outcome: 'booked', level: booked };
    const [found] = await pg.query<StockLevel & { same: boolean | null }>(FIND_BOOKED, [productOptionId, quantity, operatorId, requestKey]);
    if (!found) return { outcome: 'unknown-option' };
    const { same, ...level } = found;
    return same === true ? { outcome: 'repeated', level } : { outcome: 'key-reused' };
  }

  override async revise(tx: Transaction, productIds: readonly ProductId[]): Promise<readonly PublishedProduct[]> {
    const revised = await pgTransaction(tx).query<RevisedRow>(REVISE, [productIds]);
    // A statement of its own, so that its snapshot is younger than the locks.
    const options = await pgTransaction(tx).query<OptionRow>(NOTE_AVAILABILITY, [productIds]);
    const ofProduct = Map.groupBy(options, ({ product_id }) => product_id);
    return revised.map(({ product_id, revision, name, price, on_sale }) => ({
      productId: product_id,
      revision,
      name,
      price: money(price),
      onSale: on_sale,
      options: (ofProduct.get(product_id) ?? []).map((option) => ({
        productOptionId: option.product_option_id,
        name: option.name,
        available: option.available,
      })),
    }));
  }

  override async stale(tx: Transaction, productIds: readonly ProductId[]): Promise<readonly ProductId[]> {
    const rows = await pgTransaction(tx).query<{ product_id: ProductId }>(STALE, [productIds]);
    return rows.map(({ product_id }) => product_id);
  }

  override async stalePage(tx: Transaction, after: ProductOptionId | null, optionsMax: number): Promise<StalePage> {
    const rows = await pgTransaction(tx).query<StaleRow>(STALE_PAGE, [after ?? 0, optionsMax]);
    return {
      productIds: [...new Set(rows.filter(({ stale }) => stale).map(({ product_id }) => product_id))],
      lastOptionId: rows.at(-1)?.product_option_id ?? null,
    };
  }
}
