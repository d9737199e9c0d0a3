import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import { z } from 'zod';
import { historyOf } from './history.js';
import { importCatalogue } from './import-catalogue.js';
import { openAccounts } from './open-accounts.js';
import type { ReplayOptions } from './options.js';
import { placeOrders } from './place-orders.js';
import type { Progress, Stage } from './progress.js';
import { readBooks } from './read-books.js';
import { readCsv } from './read-csv.js';
import { ReplayError } from './replay-error.js';
import { type Report, reportOf } from './report.js';
import type { AuditOutcome } from './run-audit.js';
import { Session } from './session.js';
import { ShopApi } from './shop-api.js';

const CURRENCY = 'GBP';
const RUN_ID_BYTES = 4;
const PASSWORD_BYTES = 9;

const Balance = z.object({ currency: z.string() });

export interface Surroundings {
  readonly progress: Progress;
  readonly audit: (paidOrders: number) => Promise<AuditOutcome>;
  /** Told to whoever started the run. */
  readonly say: (line: string) => void;
}

/**
 * The whole run. Every id and key in it is new, so it may be repeated on the same shop as often as one likes.
 * @throws ReplayError when the file or the shop does not allow it
 */
export async function runReplay(options: ReplayOptions, { progress, audit, say }: Surroundings): Promise<Report> {
  const { clients, ordersPerSecondMax } = options;
  const history = historyOf(await readCsv(options.file));
  if (history.invoices.length === 0) {
    throw new ReplayError(`${basename(options.file)} has nothing to sell: all its ${history.linesRead} lines are skipped.`);
  }

  const api = new ShopApi(options.url);
  const operator = await enter(api, options);
  const runId = randomBytes(RUN_ID_BYTES).toString('hex');
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');

  const articles = await inStage(progress, 'Catalogue', history.items.length, (stage) =>
    importCatalogue({ operator, items: history.items, category: `replay ${runId}`, runId, clients, stage }),
  );
  const accounts = await inStage(progress, 'Accounts', history.customers.length, (stage) =>
    openAccounts({ api, operator, customers: history.customers, runId, password, clients, stage }),
  );
  const [first] = accounts.values();
  say(`The customers can log in, for example: ${first?.email} with the password ${password}`);

  const since = Date.now();
  const startedAt = performance.now();
  const outcomes = await inStage(progress, 'Orders', history.invoices.length, (stage) =>
    placeOrders({
      invoices: history.invoices,
      sessionOf: (customer) => given(accounts.get(customer), customer.key).session,
      articles,
      runId,
      clients,
      ordersPerSecondMax,
      stage,
    }),
  );
  const ordersMs = performance.now() - startedAt;

  const books = await inStage(progress, 'Books', articles.size + accounts.size, (stage) =>
    readBooks({ api, operator, articles: [...articles.values()], accounts: [...accounts.values()], since, clients, stage }),
  );
  const { repeats } = api;
  const paid = outcomes.filter(({ outcome }) => outcome === 'paid').length;
  return reportOf({
    file: basename(options.file),
    shop: api.url,
    runId,
    history,
    outcomes,
    books,
    audit: options.audit === false ? { kind: 'not-run', reason: '--no-audit' } : await audit(paid),
    ordersMs,
    clients,
    rate: ordersPerSecondMax,
    repeats,
    auditRequired: options.audit === true,
  });
}

/** Looks whether a shop is there and takes pounds, before anything is written to it. */
async function enter(api: ShopApi, { operator: credentials }: ReplayOptions): Promise<Session> {
  const { status, body } = await api.attempt({ method: 'GET', path: '/health/live' });
  if (status === 0) {
    throw new ReplayError(`No shop answers at ${api.url} (${String(body)}). Start one with: CURRENCY=${CURRENCY} npm start`);
  }
  const operator = await Session.open(api, credentials);
  const { currency } = await operator.must(200, Balance, { method: 'GET', path: '/api/users/me/balance' });
  if (currency !== CURRENCY) {
    throw new ReplayError(
      `The shop at ${api.url} sells in ${currency}, and the history is in pounds. Start it with: CURRENCY=${CURRENCY} npm start`,
    );
  }
  return operator;
}

async function inStage<Value>(progress: Progress, name: string, total: number, work: (stage: Stage) => Promise<Value>): Promise<Value> {
  const stage = progress.begin(name, total);
  try {
    return await work(stage);
  } finally {
    stage.end();
  }
}

function given<Value>(value: Value | undefined, name: string): Value {
  if (value === undefined) throw new Error(`${name} is missing`);
  return value;
}
