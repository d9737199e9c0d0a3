import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, inject, onTestFinished, test } from 'vitest';
import { type Queryable, sql } from '../../src/database/database.js';
import { fingerprintOf, type IdempotentRequest } from '../../src/http/idempotency/idempotency-key.js';
import { type Claimed, IdempotencyStore } from '../../src/http/idempotency/idempotency-store.js';
import { keyedRequests } from './keyed-requests.js';
import { type RunningShop, runShop } from './running-shop.js';

let shop: RunningShop;
beforeAll(async () => void (shop = await runShop()));
afterAll(() => shop.stop());
beforeEach(() => {
  shop.doings.runs = 0;
  shop.doings.close();
});

const { place, slow, age } = keyedRequests(() => shop);
const PATIENTLY = { timeout: 30_000, interval: 100 };
const answer = (body: string) => ({ status: 201, contentType: 'x', body });
const someRequest = (): IdempotentRequest => ({ userId: 9, route: 'POST /x', key: randomUUID(), fingerprint: Buffer.alloc(32) });
/** As the server knows the request of {@link slow}. */
const slowRequest = (key: string): IdempotentRequest => {
  const fingerprint = fingerprintOf({ url: '/api/things/slow', body: undefined } as Parameters<typeof fingerprintOf>[0]);
  return { userId: 1, route: 'POST /api/things/slow', key, fingerprint };
};
/** Stands for a process that died, or stalls: it renews nothing. */
const deadStore = () => new IdempotencyStore(shop.database, { renewEveryMs: 1_000_000 });
const leaseSecondsLeft = async (key: string) => {
  const [row] = await shop.database.query<{ left: number }>(
    sql('test.lease', 'SELECT extract(epoch FROM claimed_until - now())::float8 AS left FROM shop_http.idempotency_key WHERE key = $1'),
    [key],
  );
  return row?.left;
};
const tokenOf = (claimed: Claimed | undefined): string => {
  if (claimed?.outcome !== 'claimed') throw new Error(`expected a claim, got: ${claimed?.outcome}`);
  return claimed.claim;
};
const isRenewal = ({ name }: { readonly name: string }) => name === 'http.renew-idempotency-claims';

/** The shop's database, with a list of what was asked and of what failed; `before` may fail a statement. */
function watched(before: (name: string) => void = () => {}) {
  const statements: { readonly name: string; readonly values: readonly unknown[] }[] = [];
  const faults: unknown[] = [];
  const database: Queryable = {
    async query(statement, values = []) {
      statements.push({ name: statement.name, values });
      before(statement.name);
      return shop.database.query<never>(statement, values).catch((fault: unknown) => {
        faults.push(fault);
        throw fault;
      });
    },
  };
  return { database, statements, faults };
}

/** Another process that has claimed the key and works on it until it is killed. */
async function claimingProcess({ fingerprint, ...request }: IdempotentRequest) {
  const [here] = await shop.database.query<{ name: string }>(sql('test.database', 'SELECT current_database() AS name'));
  const url = inject('postgresUrl').replace(/[^/]+$/, here?.name ?? '');
  const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const program = `
    const { Database } = await import(${at('../../src/database/database.ts')});
    const { IdempotencyStore } = await import(${at('../../src/http/idempotency/idempotency-store.ts')});
    const store = new IdempotencyStore(new Database({ url: ${JSON.stringify(url)} }));
    const fingerprint = Buffer.from('${fingerprint.toString('hex')}', 'hex');
    console.log((await store.claim({ ...${JSON.stringify(request)}, fingerprint })).outcome);
    setInterval(() => {}, 1_000_000);`;
  const typescript = ['--experimental-transform-types', '--disable-warning=ExperimentalWarning', '--import'];
  const imports = fileURLToPath(new URL('../support/typescript-imports.mjs', import.meta.url));
  const child = spawn(process.execPath, [...typescript, imports, '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  onTestFinished(kill);
  const [outcome] = (await Promise.race([once(createInterface(child.stdout), 'line'), exited])) as [unknown];
  expect(outcome).toBe('claimed');
  return { kill };
}

test('a crash leaves a claim that may be taken over once its lease is over, by the same request only', async () => {
  const key = randomUUID();
  await deadStore().claim(slowRequest(key));
  expect((await slow(key)).json).toMatchObject({ status: 409, code: 'IDEMPOTENCY_IN_FLIGHT' });
  await age(key, '10 seconds');
  const other = await shop.send('/api/things/slow', { json: { other: true }, headers: { 'idempotency-key': key } });
  expect(other.json).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  const successor = slow(key);
  await shop.doings.entered.promise;
  expect((await slow(key)).status).toBe(409);
  shop.doings.open();
  expect((await successor).status).toBe(200);
  expect((await slow(key)).headers.get('idempotency-replayed')).toBe('true');
  expect(shop.doings.runs).toBe(1);
});

test('a killed process holds its key for a lease at most, and then the repeat runs', async () => {
  const key = randomUUID();
  const process = await claimingProcess(slowRequest(key));
  expect((await slow(key)).status).toBe(409);
  // It renews, or this claim would be over for good.
  await age(key, '1 minute');
  await expect.poll(() => leaseSecondsLeft(key), PATIENTLY).toBeGreaterThan(0);
  expect((await slow(key)).status).toBe(409);
  await process.kill();
  expect(await leaseSecondsLeft(key)).toBeLessThanOrEqual(10);
  await age(key, '10 seconds');
  shop.doings.open();
  // At once, unless the dead process's last renewal was still on its way.
  await expect.poll(async () => (await slow(key)).json, PATIENTLY).toEqual({ number: 1 });
});

test('a handler that runs longer than the lease is not taken over', async () => {
  const [key, brief] = [randomUUID(), randomUUID()];
  const first = slow(key);
  await shop.doings.entered.promise;
  for (let lease = 1; lease <= 2; lease++) {
    // Others come and go meanwhile.
    await place(brief + lease);
    await age(key, '10 seconds');
    await expect.poll(() => leaseSecondsLeft(key), PATIENTLY).toBeGreaterThan(5);
    expect((await slow(key)).status).toBe(409);
  }
  shop.doings.open();
  expect((await first).json).toEqual({ number: 3 });
  expect((await slow(key)).json).toEqual({ number: 3 });
});

test('all running claims are renewed by one statement, and none is sent when nothing runs', async () => {
  const { database, statements } = watched();
  const store = new IdempotencyStore(database, { renewEveryMs: 1 });
  const requests = Array.from({ length: 100 }, () => someRequest());
  const claims = await Promise.all(requests.map((request) => store.claim(request)));
  statements.length = 0;
  await expect.poll(() => statements.find(isRenewal)?.values[3]).toHaveLength(100);
  await Promise.all(requests.map((request, index) => store.release(request, tokenOf(claims[index]))));
  // The round in hand may still be under way; the next one would come within a millisecond.
  await expect
    .poll(async () => {
      statements.length = 0;
      await shop.database.query(sql('test.wait', 'SELECT pg_sleep(0.05)'));
      return statements;
    })
    .toEqual([]);
});

test('a handler that hangs for ten minutes is given up: its key is renewed no more', async () => {
  const { database, statements } = watched();
  const store = new IdempotencyStore(database, { renewEveryMs: 1 });
  const request = someRequest();
  await store.claim(request);
  await age(request.key, '10 minutes');
  await expect.poll(() => leaseSecondsLeft(request.key)).toBeLessThan(0);
  await expect.poll(() => (statements.splice(0).some(isRenewal) ? 'renewing' : 'given up'), { interval: 50 }).toBe('given up');
  expect((await deadStore().claim(request)).outcome).toBe('claimed');
});

test('a process that ends in order frees the keys of what it leaves behind, for the same request only', async () => {
  const ending = deadStore();
  const [left, done] = [someRequest(), someRequest()];
  const late = tokenOf(await ending.claim(left));
  await ending.complete(done, tokenOf(await ending.claim(done)), answer('done'));
  await ending.onModuleDestroy();
  const other = deadStore();
  expect(await other.claim({ ...left, fingerprint: Buffer.alloc(32, 1) })).toEqual({ outcome: 'reused' });
  expect((await other.claim(left)).outcome).toBe('claimed');
  expect(await ending.complete(left, late, answer('late'))).toBe(false);
  expect(await other.claim(done)).toEqual({ outcome: 'done', answer: answer('done') });
});

test('an execution whose lease was taken over cannot store its answer over the successor, nor renew or free its claim', async () => {
  const request = someRequest();
  const [stalled, successor] = [deadStore(), deadStore()];
  const first = tokenOf(await stalled.claim(request));
  await age(request.key, '10 seconds');
  const second = tokenOf(await successor.claim(request));
  expect(await stalled.complete(request, first, answer('late'))).toBe(false);
  await stalled.release(request, first);
  await stalled.onModuleDestroy();
  expect((await deadStore().claim(request)).outcome).toBe('in-flight');
  expect(await successor.complete(request, second, answer('right'))).toBe(true);
  expect(await deadStore().claim(request)).toEqual({ outcome: 'done', answer: answer('right') });
});

test('requests that come at once share statements, and each gets its own verdict', async () => {
  const { database, statements } = watched();
  const store = new IdempotencyStore(database);
  const [known, running, twice] = [someRequest(), someRequest(), someRequest()];
  const fresh = [twice, ...Array.from({ length: 9 }, () => someRequest())];
  await store.complete(known, tokenOf(await store.claim(known)), answer('known'));
  const token = tokenOf(await store.claim(running));
  statements.length = 0;
  const another = { ...twice, fingerprint: Buffer.alloc(32, 1) };
  const verdicts = await Promise.all([known, running, ...fresh, twice, another].map((request) => store.claim(request)));
  const outcomes = verdicts.map(({ outcome }) => outcome);
  expect(outcomes).toEqual(['done', 'in-flight', ...fresh.map(() => 'claimed'), 'in-flight', 'reused']);
  expect(verdicts[0]).toEqual({ outcome: 'done', answer: answer('known') });
  expect(statements.map(({ name }) => name)).toEqual(['http.claim-idempotency-keys', 'http.find-idempotency-keys']);

  statements.length = 0;
  const completions = fresh.map((request, index) => store.complete(request, tokenOf(verdicts[index + 2]), answer(`"${index}" \\ {,} ü`)));
  const stranger = store.complete(running, randomUUID(), answer('a stranger'));
  expect(await Promise.all(completions)).toEqual(fresh.map(() => true));
  expect(await stranger).toBe(false);
  expect(statements.map(({ name }) => name)).toEqual(['http.complete-idempotency-keys']);
  const stored = await Promise.all(fresh.map((request) => store.claim(request)));
  expect(stored).toEqual(fresh.map((_, index) => ({ outcome: 'done', answer: answer(`"${index}" \\ {,} ü`) })));
  await store.release(running, token);
});

test('an answer without a body is stored as one', async () => {
  const store = new IdempotencyStore(shop.database);
  const request = someRequest();
  const empty = { status: 204, contentType: 'x', body: null };
  await store.complete(request, tokenOf(await store.claim(request)), empty);
  expect(await store.claim(request)).toEqual({ outcome: 'done', answer: empty });
});

test('processes that want the same keys in any order, and renew and complete them, never wait in a circle', async () => {
  const { database, statements, faults } = watched();
  const stores = Array.from({ length: 4 }, () => new IdempotencyStore(database, { renewEveryMs: 1 }));
  const workThrough = async (store: IdempotencyStore, requests: readonly IdempotentRequest[]) => {
    const claims = await Promise.all(requests.map(async (request) => ({ request, claimed: await store.claim(request) })));
    const own = claims.filter(({ claimed }) => claimed.outcome === 'claimed').toReversed();
    await Promise.all(own.map(({ request, claimed }) => store.complete(request, tokenOf(claimed), answer('done'))));
    return own.length;
  };
  for (let round = 0; round < 20; round++) {
    const requests = Array.from({ length: 40 }, () => someRequest());
    const counts = await Promise.all(stores.map((store, nth) => workThrough(store, nth % 2 === 0 ? requests : requests.toReversed())));
    expect(counts.reduce((sum, count) => sum + count)).toBe(requests.length);
  }
  expect(faults).toEqual([]);
  expect(statements.some(isRenewal)).toBe(true);
});

test('a batch whose second statement failed is run again and finds the claims it had made', async () => {
  const { database, statements } = watched((name) => {
    const isFirstFind = name === 'http.find-idempotency-keys' && statements.filter((statement) => statement.name === name).length === 1;
    if (isFirstFind) throw new Error('cancelled by the operator');
  });
  const store = new IdempotencyStore(database);
  const [taken, free] = [someRequest(), someRequest()];
  await deadStore().claim(taken);
  const verdicts = await Promise.all([store.claim(taken), store.claim(free)]);
  expect(verdicts.map(({ outcome }) => outcome)).toEqual(['in-flight', 'claimed']);
  expect(await store.complete(free, tokenOf(verdicts[1]), answer('fine'))).toBe(true);
});
