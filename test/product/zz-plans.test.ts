import pg from 'pg';
import { test } from 'vitest';
import { freshDatabase } from '../support/database.js';
import { readFileSync } from 'node:fs';

const statements = (file: string) => [...readFileSync(file, 'utf8').matchAll(/sql\(\s*'([^']+)',\s*`([^`]+)`/g)].map(([, name, text]) => ({ name: name as string, text: text as string }));

test('plans', async () => {
  const fresh = await freshDatabase();
  const client = new pg.Client({ connectionString: fresh.url });
  await client.connect();
  const args: Record<string, string> = {
    'product.lock-options': `'{1,2,3}'`,
    'product.hold-stock': `10, '{1,1}', '{1,2}', '{1,1}'`,
    'product.lock-options-of-orders': `'{1,2,3}'`,
    'product.holds-of-orders': `'{1,2,3}'`,
    'product.confirm-holds': `'{1,2}','{1,2}','{1,2}'`,
    'product.take-back-holds': `'{1,2}','{1,2}','{1,2}'`,
    'product.release-holds': `'{1,2}'`,
    'product.orders-of-expired-holds': `5, 500`,
    'product.stale-products': `'{1,2}'`,
    'product.note-availability': `'{1,2}'`,
    'product.top-sellers': `3, 5`,
  };
  const show = async (label: string) => {
    await client.query('SET plan_cache_mode = force_generic_plan');
    for (const { name, text } of [...statements('src/product/infrastructure/pg-stock.repository.ts'), ...statements('src/product/infrastructure/pg-product.repository.ts'), ...statements('src/product/infrastructure/pg-product-queries.ts')]) {
      if (!args[name]) continue;
      const id = name.replaceAll(/[.-]/g, '_') + label;
      await client.query(`PREPARE ${id} AS ${text}`);
      const { rows } = await client.query(`EXPLAIN EXECUTE ${id}(${args[name]})`);
      console.log(`== ${label} ${name}\n` + rows.map((r: any) => r['QUERY PLAN']).join('\n'));
    }
  };
  await show('empty');
  await client.query(`INSERT INTO shop_product.product (name, category, price) SELECT 'p' || i, 'c' || i % 20, i % 1000 + 1 FROM generate_series(1, 50000) i;
    INSERT INTO shop_product.product_option (product_id, name, stock) SELECT product_id, 'o', 1000000 FROM shop_product.product;
    INSERT INTO shop_product.stock_hold (order_id, product_option_id, quantity, expires_at, payment_id, state) SELECT i / 2, i % 50000 + 1, 1, now() - interval '1 day', i / 2, 'CONFIRMED' FROM generate_series(1, 500000) i;
    INSERT INTO shop_product.daily_sales SELECT current_date - d, p, 1, now() FROM generate_series(0, 30) d, generate_series(1, 10000) p;`);
  await client.query('ANALYZE');
  await show('full');
  const lists: Record<string, string> = {};
  const { LISTS } = await import('../../src/product/infrastructure/product-list-statements.js');
  for (const [sort, list] of Object.entries(LISTS)) for (const [which, statement] of [['all', list.all], ['cat', list.ofCategory]] as const) {
    const id = `list_${sort}_${which}`;
    await client.query(`PREPARE ${id} AS ${statement.text}`);
    const { rows } = await client.query(`EXPLAIN (ANALYZE, TIMING OFF) EXECUTE ${id}(${list.start.rank}, ${list.start.productId}, 21${which === 'cat' ? ", 'c3'" : ''})`);
    console.log(`== ${id}\n` + rows.map((r: any) => r['QUERY PLAN']).join('\n'));
  }
  void lists;
  await client.end();
  await fresh.drop();
});
