import type { Check } from '../check.js';

// CONFIRMED is what was sold and has not come back: a returned hold is RETURNED, and its pieces are on the shelf again.
const EVERY_PIECE_ACCOUNTED_FOR = `
  SELECT product_option_id AS subject, false AS pending,
         format('option %s %s %s in stock and %s sold, but %s received', product_option_id,
                CASE WHEN option.stock IS NULL THEN 'does not exist:' ELSE 'has' END,
                coalesce(option.stock, 0), coalesce(sold.pieces, 0), coalesce(received.pieces, 0)) AS sentence,
         jsonb_build_object('productOptionId', product_option_id, 'stock', option.stock,
                            'sold', coalesce(sold.pieces, 0), 'received', coalesce(received.pieces, 0)) AS facts
  FROM shop_product.product_option option
  FULL JOIN (
    SELECT product_option_id, sum(quantity) AS pieces FROM shop_product.stock_receipt GROUP BY product_option_id
  ) received USING (product_option_id)
  FULL JOIN (
    SELECT product_option_id, sum(quantity) AS pieces FROM shop_product.stock_hold WHERE state = 'CONFIRMED' GROUP BY product_option_id
  ) sold USING (product_option_id)
  WHERE option.stock IS NULL OR option.stock + coalesce(sold.pieces, 0) <> coalesce(received.pieces, 0)`;

const RESERVED_IS_HELD = `
  SELECT product_option_id AS subject, false AS pending,
         format('option %s has %s reserved, but %s held', product_option_id, coalesce(option.reserved, 0), coalesce(held.pieces, 0)) AS sentence,
         jsonb_build_object('productOptionId', product_option_id, 'reserved', option.reserved, 'held', coalesce(held.pieces, 0)) AS facts
  FROM shop_product.product_option option
  FULL JOIN (
    SELECT product_option_id, sum(quantity) AS pieces FROM shop_product.stock_hold WHERE state = 'HELD' GROUP BY product_option_id
  ) held USING (product_option_id)
  WHERE option.reserved IS DISTINCT FROM coalesce(held.pieces, 0)`;

const NOTHING_BELOW_ZERO = `
  SELECT product_option_id AS subject, false AS pending,
         format('option %s has %s in stock and %s reserved: %s available', product_option_id, stock, reserved, stock - reserved) AS sentence,
         jsonb_build_object('productOptionId', product_option_id, 'stock', stock, 'reserved', reserved) AS facts
  FROM shop_product.product_option WHERE stock < 0 OR reserved < 0 OR reserved > stock
  UNION ALL
  SELECT product_option_id, false, format('order %s holds %s of option %s', order_id, quantity, product_option_id),
         jsonb_build_object('productOptionId', product_option_id, 'orderId', order_id, 'quantity', quantity)
  FROM shop_product.stock_hold WHERE quantity <= 0`;

export const STOCK_CHECKS: readonly Check[] = [
  {
    id: '2.1',
    title: 'all that was received is in stock or sold',
    examines: 'options',
    reads: ['product'],
    findings: EVERY_PIECE_ACCOUNTED_FOR,
  },
  { id: '2.2', title: 'what is reserved is what live holds hold', examines: 'options', reads: ['product'], findings: RESERVED_IS_HELD },
  {
    id: '2.3',
    title: 'no stock, no hold and nothing available is below zero',
    examines: 'options',
    reads: ['product'],
    findings: NOTHING_BELOW_ZERO,
  },
];
