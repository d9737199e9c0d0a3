import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase, type FreshDatabase } from '../support/database.js';
import { expectEventually, query, temporaryFolder } from '../support/embedded.js';
import { fencesOf, project, readDocument } from './markdown.js';
import { DidNotOpen, startShopProcess } from './shop-process.js';

const BUILDS_MS_MAX = 240_000;
const OPERATOR = { email: 'operator@example.com', password: 'operator-password' };
const PARTS = ['bin', 'src', 'migrations', 'package.json', 'tsconfig.json', 'tsconfig.build.json'];

const fences = fencesOf(readDocument('docs/ADD-A-LISTENER.md'));

let folder: ReturnType<typeof temporaryFolder>;
let database: FreshDatabase;

/** A copy of the project with the new files of the page. */
beforeAll(async () => {
  folder = temporaryFolder();
  database = await freshDatabase();
  for (const part of PARTS) cpSync(project(part), at(part), { recursive: true });
  symlinkSync(project('node_modules'), at('node_modules'));
  for (const { info, heading, text } of fences) if (info === 'ts' || info === 'sql') write(pathOf(heading), `${text}\n`);
});

afterAll(async () => {
  await database.drop();
  folder.remove();
});

const at = (path: string): string => join(folder.path, path);
const pathOf = (heading: string): string => heading.replaceAll('`', '');

function write(path: string, text: string): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
}

/** Makes the changes of the page's `diff` of this file; every part of it must be found. */
function change(path: string): void {
  const diff = fences.find(({ info, heading }) => info === 'diff' && pathOf(heading) === path)?.text.split('\n') ?? [];
  const changed = partsOf(diff).reduce(
    (text, { before, after }) => {
      expect(text).toContain(before);
      return text.replace(before, () => after);
    },
    readFileSync(at(path), 'utf8'),
  );
  write(path, changed);
}

/** A part ends where a line of the old text follows one of the new: `+ +  `, `- +`, `- + + +`. */
function partsOf(diff: readonly string[]): { before: string; after: string }[] {
  const parts: { before: string[]; after: string[] }[] = [];
  let previous = '';
  for (const line of diff) {
    const kind = line[0] ?? '';
    const part = parts.at(-1);
    const current = part === undefined || (kind === '-' && previous !== '-') ? { before: [], after: [] } : part;
    if (current !== part) parts.push(current);
    if (kind !== '+') current.before.push(line.slice(1));
    if (kind !== '-') current.after.push(line.slice(1));
    previous = kind;
  }
  return parts.map(({ before, after }) => ({ before: before.join('\n'), after: after.join('\n') }));
}

const start = () =>
  startShopProcess(
    {
      DATABASE_URL: database.url,
      DATA_DIR: at('data'),
      JWT_SECRET: 'a secret of at least thirty-two characters',
      ADMIN_EMAIL: OPERATOR.email,
      ADMIN_PASSWORD: OPERATOR.password,
    },
    folder.path,
  );

test(
  'a listener without its line in the catalogue keeps the shop from starting; with it, it gets the paid orders',
  async () => {
    change('src/app.module.ts');
    const refusal = await start().then(
      () => 'it started',
      (error: unknown) => (error instanceof DidNotOpen ? error.message : String(error)),
    );
    expect(refusal).toContain(fences.find(({ text }) => text.includes('a listener, but not listed'))?.text);

    change('src/event-catalogue.ts');
    const shop = await start();
    try {
      const orderId = await payAnOrder(shop.address);
      const receipts = () =>
        query<{ text: string }>(database.url, `SELECT text FROM shop_notification.receipt WHERE order_id = ${orderId}`);
      await expectEventually('there is a receipt', async () => (await receipts()).length > 0);
      expect((await receipts()).map(({ text }) => text)).toEqual([`Thank you. You paid 700 (KRW) for order ${orderId}.`]);
    } finally {
      await shop.stop();
    }
  },
  BUILDS_MS_MAX,
);

interface Ids {
  readonly accessToken: string;
  readonly userId: number;
  readonly orderId: number;
  readonly options: readonly { readonly productOptionId: number }[];
}

async function payAnOrder(shop: string): Promise<number> {
  const post = async (path: string, body: unknown, token?: string): Promise<Ids> => {
    const headers = { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) };
    const response = await fetch(shop + path, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(response.ok, path).toBe(true);
    return (await response.json()) as Ids;
  };
  const operator = await post('/api/auth/login', OPERATOR);
  const customer = await post('/api/auth/signup', { email: 'customer@example.com', password: 'customer-password' });
  await post(`/api/users/${customer.userId}/balance/charges`, { amount: 1_000 }, operator.accessToken);
  const product = { name: 'A thing', category: 'things', price: 700, options: [{ name: 'the only one', stock: 1 }] };
  const { options } = await post('/api/admin/products', product, operator.accessToken);
  const items = options.map(({ productOptionId }) => ({ productOptionId, quantity: 1 }));
  const { orderId } = await post('/api/orders', { items }, customer.accessToken);
  await post(`/api/orders/${orderId}/payment`, {}, customer.accessToken);
  return orderId;
}
