import { describe, expect, test } from 'vitest';
import { REPOSITORY } from './house.js';
import { type File, filesOf } from './source-files.js';
import { CHECKS, type CheckName } from './tidy.js';

const file = (path: string, ...lines: string[]): File => ({ path, text: `${lines.join('\n')}\n` });

/** What each check must refuse: the compiler asks for an entry per check. Every file here is one violation. */
const PLANTS: Record<CheckName, readonly (readonly File[])[]> = {
  'no long files': [[file('src/order/domain/order.ts', ...Array.from({ length: 301 }, () => '//'))]],
  'nothing left for later': ['TO\u0044O', 'FIXM\u0045', 'XX\u0058'].map((word) => [file('src/kernel/money.ts', `// ${word}: round`)]),
  'every test runs': [
    [file('test/payment.test.ts', "test.only('pays', () => {});")],
    [file('src/order/domain/order.test.ts', "describe.skip('orders', () => {});")],
    [file('test/payment.test.ts', "test.todo('refunds');")],
    [file('test/payment.test.ts', "test.skip.each([1])('pays %s', () => {});")],
    [file('test/payment.test.ts', "test.skipIf(process.env.CI)('pays', () => {});")],
    [file('test/redis/lock.test.ts', "describe.runIf(redis)('the lock', () => {});")],
    [file('test/support/describe-with.ts', "describe.skipIf(problem)('the lock', () => {});")],
  ],
  'no console outside cli': [[file('src/order/application/get-orders.use-case.ts', "console.log('here');")]],
  'no cast to any': [
    [file('test/payment.test.ts', 'const order = answer as any;')],
    [file('src/kernel/money.ts', 'const amount = <any>answer;')],
  ],
  'no I prefix': [[file('src/order/domain/order.ts', 'export interface IOrder {}')]],
  'every file of a domain stands in a layer': [
    [file('src/order/helpers.ts', 'export const a = 1;')],
    [file('src/order/utils/helpers.ts', 'export const a = 1;')],
    [file('src/a-domain-of-tomorrow/other.module.ts', 'export const a = 1;')],
  ],
  'a use case has one public method, execute': [
    [file('src/order/application/pay.use-case.ts', 'export class PayUseCase { execute() {} cancel() {} }')],
    [file('src/order/application/pay.use-case.ts', 'export class PayUseCase { run() {} private execute() {} }')],
  ],
  "no SQL names another domain's schema": [
    [file('src/order/infrastructure/pg-orders.ts', 'const s = `SELECT 1 FROM shop_order.orders JOIN shop_product.products USING (id)`;')],
    [file('src/order/infrastructure/pg-orders.ts', 'const s = `SELECT ${column} FROM shop_user.accounts`;')],
    [file('src/order/infrastructure/pg-orders.ts', 'const s = `SELECT 1 FROM shop_${domain}.accounts`;')],
    [file('src/order/infrastructure/orders.sql', 'SELECT 1 FROM shop_cart.items')],
    [file('migrations/order/001_orders.sql', 'ALTER TABLE shop_order.orders ADD FOREIGN KEY (user_id) REFERENCES shop_user.accounts;')],
    [file('src/messaging/postgres/pg-event-log.ts', "const s = 'SELECT 1 FROM shop_order.orders';")],
    [file('src/order/infrastructure/audit.ts', 'const s = `SELECT 1 FROM shop_user.ledger_entry`;')],
    [file('src/auditing/infrastructure/pg-audit.ts', 'const s = `SELECT 1 FROM shop_user.ledger_entry`;')],
    [file('migrations/audit/001_copies.sql', 'CREATE VIEW shop_audit.entry AS SELECT 1 FROM shop_user.ledger_entry;')],
  ],
  'the name of a statement begins with its folder': [
    [file('src/order/infrastructure/pg-orders.ts', "const s = sql('product.lock', 'SELECT 1');")],
    [file('src/order/infrastructure/pg-orders.ts', "const s = sql(name, 'SELECT 1');")],
    [file('src/messaging/postgres/pg-event-log.ts', "const s = sql(`${domain}.append`, 'SELECT 1');")],
  ],
  'the name of a statement is unique': [
    [
      file('src/order/infrastructure/pg-orders.ts', "const s = sql('order.find', 'SELECT 1');"),
      file('src/order/infrastructure/pg-payments.ts', "const s = sql('order.find', 'SELECT 2');"),
    ],
  ],
  'no query per item': [
    [file('src/product/infrastructure/pg-holds.ts', 'for (const line of lines) await tx.query(LOCK, [line]);')],
    [file('src/product/application/reserve.use-case.ts', 'for (const line of lines) {', '  await this.options.reserve(tx, line);', '}')],
    [file('src/product/infrastructure/pg-holds.ts', 'for (let i = 0; i < lines.length; i++) await tx.query(LOCK, [lines[i]]);')],
    [file('src/product/infrastructure/pg-holds.ts', 'await Promise.all(lines.map((line) => tx.query(LOCK, [line])));')],
  ],
};

const ALL = await filesOf(REPOSITORY);

const TIDY: readonly File[] = [
  file('src/order/order.module.ts', 'export class OrderModule {}'),
  file('src/order/application/pay.use-case.ts', 'export class PayUseCase { execute() {} private pay() {} }'),
  file(
    'src/order/infrastructure/pg-orders.ts',
    '// shop_product is another house: only comments name it.',
    "const FIND = sql('order.find', 'SELECT 1 FROM shop_order.orders');",
    'for (;;) { if (await database.query(FIND)) break; }',
    '// One by one: each listener sees what the one before it wrote.',
    'for (const listener of listeners) await listener.handle(event);',
    'for await (const row of rows) await sink.write(row);',
  ),
  file(
    'src/messaging/postgres/pg-event-log.ts',
    'const APPEND = sql(`messaging.${domain}.append`, `SELECT 1 FROM shop_${domain}.event_log`);',
  ),
  file('src/audit/checks/payments.ts', 'const PAID = `SELECT 1 FROM shop_order.orders JOIN shop_user.ledger_entry USING (payment_id)`;'),
  file('src/cli/audit.ts', "console.log('SELECT 1 FROM shop_order.orders, shop_product.holds');"),
  file('migrations/order/001_orders.sql', '-- not shop_user', 'CREATE TABLE shop_order.orders (id bigint);'),
  file('test/payment.test.ts', "test.each([1])('pays %s', () => {});"),
  file('test/support/describe-with.ts', "describe.runIf(problem === '')(name, tests);"),
];

describe.each(Object.keys(CHECKS) as CheckName[])('%s', (name) => {
  test('holds in the whole repository', () => {
    expect(CHECKS[name](ALL)).toEqual([]);
  });

  test('leaves tidy files alone', () => {
    expect(CHECKS[name](TIDY)).toEqual([]);
  });

  test.each(PLANTS[name].map((files) => [files.at(-1)?.text.split('\n')[0]?.slice(0, 80), files] as const))('refuses %s', (_, files) => {
    expect(CHECKS[name](files)).toHaveLength(1);
  });
});
