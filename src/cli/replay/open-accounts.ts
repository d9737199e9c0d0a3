import { z } from 'zod';
import { concurrently } from './concurrently.js';
import type { Customer } from './history.js';
import type { Stage } from './progress.js';
import { LoggedIn, Session } from './session.js';
import { type Call, codeOf, read, type ShopApi } from './shop-api.js';

/** The shop hashes each password for some 100 ms of processor time; more clients would only wait in its queue. */
const CLIENTS_MAX = 8;

const Balance = z.object({ balance: z.int() });

export interface Account {
  readonly session: Session;
  readonly email: string;
}

export interface AccountOpening {
  readonly api: ShopApi;
  readonly operator: Session;
  readonly customers: readonly Customer[];
  readonly runId: string;
  readonly password: string;
  readonly clients: number;
  readonly stage: Stage;
}

/** Gives every customer an account with exactly what they are going to spend, so that a perfect replay ends at balance 0. */
export async function openAccounts({
  api,
  operator,
  customers,
  runId,
  password,
  clients,
  stage,
}: AccountOpening): Promise<Map<Customer, Account>> {
  const accounts = new Map<Customer, Account>();
  await concurrently(customers, Math.min(clients, CLIENTS_MAX), async (customer) => {
    const account =
      (await signUp(api, { email: `${customer.key}@replay.example`, password })) ??
      // An earlier replay has taken the plain address.
      (await signUp(api, { email: `${customer.key}-${runId}@replay.example`, password }));
    if (!account) throw new Error(`${customer.key} cannot get an account, not even with the id of this run`);
    const { balance } = await operator.must(201, Balance, {
      method: 'POST',
      path: `/api/users/${account.session.userId}/balance/charges`,
      body: { amount: Number(customer.spends), note: `replay ${runId}` },
      idempotencyKey: `replay-${runId}-top-up-${customer.key}`,
    });
    if (BigInt(balance) !== customer.spends) throw new Error(`${customer.key} got ${customer.spends} pence, and the shop says ${balance}`);
    accounts.set(customer, account);
    stage.step();
  });
  return accounts;
}

/** Undefined: the address is somebody else's. */
async function signUp(api: ShopApi, credentials: { readonly email: string; readonly password: string }): Promise<Account | undefined> {
  const { email, password } = credentials;
  const call: Call = { method: 'POST', path: '/api/auth/signup', body: { email, password } };
  const answer = await api.call(call);
  if (codeOf(answer) !== 'EMAIL_TAKEN') return { email, session: new Session(api, credentials, read(answer, 201, LoggedIn, call)) };
  // Taken by ourselves, when the answer to the first attempt was lost: only we know the password.
  const login = await api.call({ ...call, path: '/api/auth/login' });
  return login.status === 200 ? { email, session: new Session(api, credentials, read(login, 200, LoggedIn, call)) } : undefined;
}
