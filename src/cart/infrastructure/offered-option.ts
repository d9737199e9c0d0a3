import type { ProductId, ProductOptionId } from '../../kernel/ids.js';
import { money } from '../../kernel/money.js';
import type { OfferedOption } from '../domain/cart.js';

/** Where {@link OFFERED_COLUMNS} come from: options, each with its product. */
export const OFFERED_OPTIONS = 'shop_cart.product_option o JOIN shop_cart.product p USING (product_id)';
export const OFFERED_COLUMNS =
  'o.product_option_id, product_id, p.name AS product_name, o.name AS option_name, p.price, p.on_sale, o.available';

export interface OfferedOptionRow {
  readonly product_option_id: ProductOptionId;
  readonly product_id: ProductId;
  readonly product_name: string;
  readonly option_name: string;
  readonly price: number;
  readonly on_sale: boolean;
  readonly available: number;
}

export const offeredOption = (row: OfferedOptionRow): OfferedOption => ({
  productOptionId: row.product_option_id,
  productId: row.product_id,
  name: row.product_name,
  optionName: row.option_name,
  price: money(row.price),
  onSale: row.on_sale,
  available: row.available,
});
