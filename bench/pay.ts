/**
 * Payments per second of a running shop, closed loop: every client places its orders first, then all pay as fast as
 * they get answers. Client, shop and database share the machine's cores.
 *
 *   node bench/pay.ts --email operator@… --password … [--url http://127.0.0.1:3000] [--clients 32] [--orders 4000]
 */
import { Agent, request } from 'node:http';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:3000' },
    email: { type: 'string' },
    password: { type: 'string' },
    clients: { type: 'string', default: '32' },
    orders: { type: 'string', default: '4000' },
  },
});
if (!values.email || !values.password) throw new Error('--email and --password of an operator are needed');

const clients = Number(values.clients);
const ordersPerClient = Math.ceil(Number(values.orders) / clients);
const agent = new Agent({ keepAlive: true, maxSockets: clients });
const base = new URL(values.url);

const operator = await call<{ accessToken: string }>('POST', '/api/auth/login', { email: values.email, password: values.password });
const run = Date.now().toString(36);
const customers = await Promise.all(Array.from({ length: clients }, (_, index) => customer(index)));

await scenario('distinct products', await products(clients));
await scenario('one hot product', await products(1));
await auditAll();
agent.destroy();

/** What the scenarios left behind must be right, or their figures are worth nothing. */
async function auditAll(): Promise<void> {
  const report = await call<{ violations: number; pending: number; census: { paidOrders: number } }>(
    'GET',
    '/api/admin/audit',
    undefined,
    operator.accessToken,
  );
  console.log(`audit: ${report.violations} violations, ${report.pending} pending, ${report.census.paidOrders} paid orders`);
  if (report.violations > 0) process.exitCode = 1;
}

async function customer(index: number): Promise<string> {
  const { userId, accessToken } = await call<{ userId: number; accessToken: string }>('POST', '/api/auth/signup', {
    email: `bench-${run}-${index}@example.com`,
    password: 'bench-password',
  });
  await call('POST', `/api/users/${userId}/balance/charges`, { amount: 1_000_000_000 }, operator.accessToken);
  return accessToken;
}

async function products(count: number): Promise<number[]> {
  const make = async (_: unknown, index: number): Promise<number> => {
    const body = { name: `bench ${run} ${index}`, category: 'bench', price: 10, options: [{ name: 'one', stock: 1_000_000 }] };
    const { options } = await call<{ options: [{ productOptionId: number }] }>('POST', '/api/admin/products', body, operator.accessToken);
    return options[0].productOptionId;
  };
  return Promise.all(Array.from({ length: count }, make));
}

async function scenario(name: string, optionIds: readonly number[]): Promise<void> {
  const placeFrom = performance.now();
  const orders = await Promise.all(customers.map((token, index) => place(token, optionIds[index % optionIds.length] as number)));
  const placedPerSecond = (clients * ordersPerClient) / ((performance.now() - placeFrom) / 1_000);

  const latenciesMs: number[] = [];
  const payFrom = performance.now();
  await Promise.all(customers.map((token, index) => payAll(token, orders[index] as number[], latenciesMs)));
  const seconds = (performance.now() - payFrom) / 1_000;
  latenciesMs.sort((a, b) => a - b);
  const at = (share: number): string =>
    (latenciesMs[Math.min(latenciesMs.length - 1, Math.floor(latenciesMs.length * share))] as number).toFixed(1);
  console.log(
    `${name}: ${Math.round(latenciesMs.length / seconds)} payments/s (${clients} clients, ${latenciesMs.length} orders), ` +
      `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms; placed ${Math.round(placedPerSecond)} orders/s`,
  );
}

async function place(token: string, productOptionId: number): Promise<number[]> {
  const ids: number[] = [];
  for (let count = 0; count < ordersPerClient; count++) {
    const items = [{ productOptionId, quantity: 1 }];
    ids.push((await call<{ orderId: number }>('POST', '/api/orders', { items }, token)).orderId);
  }
  return ids;
}

async function payAll(token: string, orderIds: readonly number[], latenciesMs: number[]): Promise<void> {
  for (const orderId of orderIds) {
    const from = performance.now();
    const { status } = await call<{ status: string }>('POST', `/api/orders/${orderId}/payment`, {}, token);
    if (status !== 'PAID') throw new Error(`order ${orderId} is ${status}`);
    latenciesMs.push(performance.now() - from);
  }
}

function call<Answer>(method: string, path: string, body?: object, token?: string): Promise<Answer> {
  const payload = body === undefined ? '' : JSON.stringify(body);
  const headers = {
    ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
    ...(token ? { authorization: `Bearer ${token}` } : {}),
  };
  return new Promise((resolve, reject) => {
    const sent = request({ host: base.hostname, port: base.port, method, path, headers, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if ((response.statusCode ?? 500) >= 300) reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
        else resolve(JSON.parse(text) as Answer);
      });
    });
    sent.on('error', reject);
    sent.end(payload);
  });
}
