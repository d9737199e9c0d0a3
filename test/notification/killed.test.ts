import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ShopProcess, startShopProcess } from '../docs/shop-process.js';
import { expectCleanBooks } from '../support/books.js';
import { freshDatabase, type FreshDatabase } from '../support/database.js';
import { expectEventually, query, temporaryFolder } from '../support/embedded.js';
import { type Receiver, startReceiver } from './receiver.js';

const OPERATOR = { email: 'operator@example.com', password: 'operator-password' };
const STARTS_MS_MAX = 240_000;

let database: FreshDatabase;
let folder: ReturnType<typeof temporaryFolder>;
let receiver: Receiver;
let running: ShopProcess | undefined;

beforeAll(async () => {
  database = await freshDatabase();
  folder = temporaryFolder();
  receiver = await startReceiver();
});
afterAll(async () => {
  await running?.kill();
  await receiver.stop();
  await database.drop();
  folder.remove();
}, STARTS_MS_MAX);

async function startProcess(): Promise<ShopProcess> {
  running = await startShopProcess({
    DATABASE_URL: database.url,
    DATA_DIR: folder.path,
    JWT_SECRET: 'a secret of at least thirty-two characters',
    ADMIN_EMAIL: OPERATOR.email,
    ADMIN_PASSWORD: OPERATOR.password,
    ALERT_WEBHOOK_URL: receiver.url,
    LOG_LEVEL: 'silent',
  });
  return running;
}

interface Answer {
  readonly accessToken: string;
  readonly orderId: number;
  readonly status: string;
  readonly options: readonly { readonly productOptionId: number }[];
  readonly items: readonly {
    readonly alertId: number;
    readonly kind: string;
    readonly subscriber: string;
    readonly deadLetterId: string;
  }[];
}

async function ask(shop: ShopProcess, method: 'GET' | 'POST', path: string, token?: string, body: object = {}): Promise<Answer> {
  const headers = { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  const response = await fetch(shop.address + path, { method, headers, ...(method === 'POST' && { body: JSON.stringify(body) }) });
  return (await response.json()) as Answer;
}

const sql = <Row extends object>(text: string): Promise<Row[]> => query<Row>(database.url, text);

test(
  'K6: killed right after the third failure of a compensation was noted, the shop still raises the alert, once',
  async () => {
    const shop = await startProcess();
    const { accessToken: operator } = await ask(shop, 'POST', '/api/auth/login', undefined, OPERATOR);
    const { accessToken: customer } = await ask(shop, 'POST', '/api/auth/signup', undefined, {
      email: 'a@example.com',
      password: 'a password',
    });
    const product = { name: 'A thing', category: 'things', price: 700, options: [{ name: 'the only one', stock: 1 }] };
    const { options } = await ask(shop, 'POST', '/api/admin/products', operator, product);
    const items = options.map(({ productOptionId }) => ({ productOptionId, quantity: 1 }));
    const { orderId } = await ask(shop, 'POST', '/api/orders', customer, { items });
    await sql(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no way back'; END $$;
       CREATE TRIGGER refuse BEFORE UPDATE ON shop_product.stock_hold FOR EACH ROW
         WHEN (OLD.state = 'CONFIRMED' AND NEW.state = 'HELD') EXECUTE FUNCTION refuse()`,
    );

    // Nobody can be told, and nothing recorded, for as long as the first process lives.
    receiver.answerWith((response) => response.destroy());
    const recordLocked = new pg.Client({ connectionString: database.url });
    // When the test fails, its end breaks this connection.
    recordLocked.on('error', () => {});
    await recordLocked.connect();
    await recordLocked.query('BEGIN; LOCK TABLE shop_notification.alert');
    const paying = ask(shop, 'POST', `/api/orders/${orderId}/payment`, customer).catch(() => null);
    await expectEventually('the third failure was noted', async () => {
      const [parked] = await sql<{ failures_total: number }>(`SELECT failures_total FROM shop_product.event_parked`);
      return (parked?.failures_total ?? 0) >= 3;
    });
    await shop.kill();
    await paying;
    await recordLocked.end();
    expect(await sql(`SELECT FROM shop_notification.alert`)).toEqual([]);
    const [logged] = await sql<{ event_id: string }>(`SELECT event_id FROM shop_product.event_log WHERE topic = 'alert.raised'`);
    expect(logged?.event_id).toMatch(/^alert\.raised:product-\d+:3$/);

    receiver.received.splice(0);
    receiver.answerWith(204);
    const next = await startProcess();
    await expectEventually('the alert has arrived', () => receiver.received.length > 0);
    expect(receiver.received[0]?.body).toMatchObject({ alert: { kind: 'stuck-compensation', subscriber: 'product.roll-back-stock' } });
    const alerts = async () => (await ask(next, 'GET', '/api/admin/alerts?state=OPEN', operator)).items;
    await expectEventually('it is recorded', async () => (await alerts()).length > 0);

    // Mended and retried by hand, the compensation goes through; the failures since the kill have raised no second alert.
    const [alert = expect.fail('no alert')] = await alerts();
    await sql('DROP TRIGGER refuse ON shop_product.stock_hold');
    await ask(next, 'POST', `/api/admin/dead-letters/${alert.deadLetterId}/retry`, operator);
    await expectEventually(
      'the order is as before',
      async () => (await ask(next, 'GET', `/api/orders/${orderId}`, customer)).status === 'PENDING',
    );
    await ask(next, 'POST', `/api/admin/alerts/${alert.alertId}/acknowledge`, operator);
    expect(await alerts()).toEqual([]);
    expect(receiver.ids()).toEqual([logged?.event_id]);
    await next.stop();
    running = undefined;
    await expectCleanBooks(database.url);
  },
  STARTS_MS_MAX,
);
