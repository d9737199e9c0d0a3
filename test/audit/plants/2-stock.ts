import type { Plant } from './plant.js';

export const STOCK_PLANTS: readonly Plant[] = [
  {
    check: '2.1',
    what: 'stock that nobody received',
    sql: 'UPDATE shop_product.product_option SET stock = stock + 1 WHERE product_option_id = 2',
    sentences: ['option 2 has 27 in stock and 4 sold, but 30 received'],
  },
  {
    check: '2.1',
    what: 'a receipt that never came to the shelf',
    sql: 'INSERT INTO shop_product.stock_receipt (product_option_id, quantity, operator_id) VALUES (1, 7, 1)',
    sentences: ['option 1 has 47 in stock and 3 sold, but 57 received'],
  },
  {
    check: '2.2',
    what: 'reserved pieces that nobody holds',
    sql: 'UPDATE shop_product.product_option SET reserved = reserved + 1 WHERE product_option_id = 2',
    sentences: ['option 2 has 1 reserved, but 0 held'],
  },
  {
    check: '2.3',
    what: 'more sold than received',
    sql: `UPDATE shop_product.product_option SET stock = 5 WHERE product_option_id = 1;
          UPDATE shop_product.stock_receipt SET quantity = 8 WHERE quantity = 40;
          DELETE FROM shop_product.stock_receipt WHERE quantity = 10`,
    sentences: ['option 1 has 5 in stock and 6 reserved: -1 available'],
  },
];
