import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../src/database/database.js';
import { Databases } from '../../src/database/databases.js';
import { TokenService } from '../../src/http/auth/token-service.js';
import { EnsureFirstOperatorUseCase } from '../../src/user/application/ensure-first-operator.use-case.js';
import { LogInUseCase } from '../../src/user/application/log-in.use-case.js';
import { LogOutUseCase } from '../../src/user/application/log-out.use-case.js';
import { type LoggedIn, OpenSession } from '../../src/user/application/open-session.js';
import { RefreshSessionUseCase } from '../../src/user/application/refresh-session.use-case.js';
import { SignUpUseCase } from '../../src/user/application/sign-up.use-case.js';
import { Argon2PasswordHasher } from '../../src/user/infrastructure/argon2-password-hasher.js';
import { PgCredentialsRepository } from '../../src/user/infrastructure/pg-credentials.repository.js';
import { PgSessionRepository } from '../../src/user/infrastructure/pg-session.repository.js';
import { type FreshDatabase, freshDatabase } from '../support/database.js';

const PASSWORD = 'correct horse';

let fresh: FreshDatabase;
let databases: Databases;
let sessions: PgSessionRepository;
let signUp: SignUpUseCase;
let logIn: LogInUseCase;
let refresh: RefreshSessionUseCase;
let logOut: LogOutUseCase;
let ensureFirstOperator: EnsureFirstOperatorUseCase;

beforeAll(async () => {
  fresh = await freshDatabase();
  databases = new Databases({ url: fresh.url });
  const database = databases.of('user');
  const tokens = new TokenService('a secret of at least thirty-two characters');
  const credentials = new PgCredentialsRepository();
  const passwords = new Argon2PasswordHasher();
  sessions = new PgSessionRepository(database);
  const openSession = new OpenSession(sessions, tokens);
  signUp = new SignUpUseCase(database, credentials, passwords, openSession);
  logIn = new LogInUseCase(database, credentials, passwords, openSession);
  refresh = new RefreshSessionUseCase(database, sessions, tokens);
  logOut = new LogOutUseCase(database, sessions);
  ensureFirstOperator = new EnsureFirstOperatorUseCase(database, credentials, sessions, passwords);
});
afterAll(async () => {
  await databases.close();
  await fresh.drop();
});

let email: string;
let first: LoggedIn;
beforeEach(async () => {
  email = `${crypto.randomUUID()}@example.com`;
  first = must(await signUp.execute({ email, password: PASSWORD }));
});

function must<Value>(
  result: { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly refusal: { readonly code: string } },
): Value {
  if (!result.ok) throw new Error(result.refusal.code);
  return result.value;
}
const exchange = async ({ refreshToken }: { refreshToken: string }) => must(await refresh.execute({ refreshToken }));
/** Why the token is not exchanged; undefined when it is. */
const refusalOf = async ({ refreshToken }: { refreshToken: string }) => {
  const answer = await refresh.execute({ refreshToken });
  return answer.ok ? undefined : answer.refusal.code;
};
const rows = <Row extends object>(name: string, text: string) => databases.of('user').query<Row>(sql(`test.${name}`, text), [first.userId]);
/** As if no time had passed since the last exchange, however slow the machine is. */
const stopTheClock = () =>
  rows(
    'rejuvenate-tokens',
    `UPDATE shop_user.refresh_token t SET spent_at = now() + interval '1 hour'
                             FROM shop_user.refresh_session s WHERE s.id = t.session_id AND s.user_id = $1 AND t.spent_at IS NOT NULL`,
  );
/** As if a minute had passed. */
const waitAMinute = () =>
  rows(
    'age-tokens',
    `UPDATE shop_user.refresh_token t SET spent_at = now() - interval '1 minute'
                      FROM shop_user.refresh_session s WHERE s.id = t.session_id AND s.user_id = $1 AND t.spent_at IS NOT NULL`,
  );

describe('an account', () => {
  test('is one, however its address is written', async () => {
    expect(await signUp.execute({ email: ` ${email.toUpperCase()} `, password: 'another password' })).toMatchObject({
      ok: false,
      refusal: { code: 'EMAIL_TAKEN' },
    });
    expect(must(await logIn.execute({ email: email.toUpperCase(), password: PASSWORD })).userId).toBe(first.userId);
  });

  test('of ten sign-ups at once with one address is opened once', async () => {
    const address = `${crypto.randomUUID()}@example.com`;
    const results = await Promise.all(Array.from({ length: 10 }, () => signUp.execute({ email: address, password: PASSWORD })));
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
  });

  test('is closed to a wrong password and an unknown address, with the same answer', async () => {
    const wrong = await logIn.execute({ email, password: 'wrong horse' });
    const unknown = await logIn.execute({ email: `no-${email}`, password: PASSWORD });
    expect(wrong).toMatchObject({ ok: false, refusal: { code: 'INVALID_CREDENTIALS' } });
    expect(unknown).toEqual(wrong);
  });

  test('keeps neither the password nor a usable token in the database', async () => {
    const [account] = await rows('account', 'SELECT password_hash FROM shop_user.account WHERE id = $1');
    const tokens = await rows(
      'tokens',
      'SELECT t.* FROM shop_user.refresh_token t JOIN shop_user.refresh_session s ON s.id = t.session_id WHERE s.user_id = $1',
    );
    const kept = JSON.stringify([account, tokens]);
    expect(kept).not.toContain(PASSWORD);
    expect(kept).not.toContain(first.refreshToken);
  });
});

describe('a refresh token', () => {
  test('is exchanged for new tokens, and those again', async () => {
    const second = await exchange(first);
    const third = await exchange(second);
    expect(third).toMatchObject({ userId: first.userId, role: 'customer' });
    expect(new Set([first, second, third].map(({ refreshToken }) => refreshToken)).size).toBe(3);
  });

  test('that comes back later ends the session, also for whoever holds the live token', async () => {
    const second = await exchange(first);
    await waitAMinute();
    expect(await refusalOf(first)).toBe('UNAUTHENTICATED');
    expect(await refusalOf(second)).toBe('UNAUTHENTICATED');
  });

  test('that comes back at once is an answer that was lost: it gets another token in place of the lost one', async () => {
    const lost = await exchange(first);
    await stopTheClock();
    const second = await exchange(first);
    await exchange(second);
    await waitAMinute();
    expect(await refusalOf(lost)).toBe('UNAUTHENTICATED');
  });

  test('of ten exchanges at once leaves one live token', async () => {
    await Promise.all(Array.from({ length: 10 }, () => exchange(first)));
    const live = await rows(
      'live-tokens',
      'SELECT FROM shop_user.refresh_token t JOIN shop_user.refresh_session s ON s.id = t.session_id WHERE s.user_id = $1 AND t.spent_at IS NULL',
    );
    expect(live).toHaveLength(1);
  });

  test('of an ended session is good for nothing, and ending it twice is no mistake', async () => {
    const other = must(await logIn.execute({ email, password: PASSWORD }));
    await logOut.execute(first);
    await logOut.execute(first);
    expect(await refusalOf(first)).toBe('UNAUTHENTICATED');
    expect(await refusalOf(other)).toBeUndefined();
  });

  test('is not an access token, nor any text', async () => {
    expect(await refusalOf({ refreshToken: first.accessToken })).toBe('UNAUTHENTICATED');
    expect(await refusalOf({ refreshToken: 'x.y.z' })).toBe('UNAUTHENTICATED');
    expect(await refusalOf({ refreshToken: `${first.refreshToken}x` })).toBe('UNAUTHENTICATED');
  });

  test('that has expired is purged with its session', async () => {
    await rows('expire-session', `UPDATE shop_user.refresh_session SET expires_at = now() - interval '1 second' WHERE user_id = $1`);
    expect(await refusalOf(first)).toBe('UNAUTHENTICATED');
    expect(await sessions.purge()).toBe(1);
    expect(await sessions.purge()).toBe(0);
  });
});

test('a user has a bounded number of sessions: the oldest make room', async () => {
  for (let login = 0; login < 20; login++) {
    await databases.of('user').run((tx) => sessions.open(tx, first.userId, Buffer.alloc(32, `${first.userId} ${login}`)));
  }
  expect(await rows('sessions', 'SELECT FROM shop_user.refresh_session WHERE user_id = $1')).toHaveLength(20);
  expect(await refusalOf(first)).toBe('UNAUTHENTICATED');
});

test('a session remembers a bounded number of spent tokens', async () => {
  let latest = first;
  for (let exchanges = 0; exchanges < 105; exchanges++) {
    latest = await exchange(latest);
  }
  const kept = await rows(
    'all-tokens',
    'SELECT FROM shop_user.refresh_token t JOIN shop_user.refresh_session s ON s.id = t.session_id WHERE s.user_id = $1',
  );
  expect(kept.length).toBeLessThanOrEqual(101);
  await exchange(latest);
});

describe('the first operator', () => {
  test('is made once, at however many starts at once', async () => {
    const operator = { email: `Op-${email}`, password: 'operator password' };
    const ids = await Promise.all(Array.from({ length: 3 }, () => ensureFirstOperator.execute(operator)));
    const session = must(await logIn.execute(operator));
    expect(new Set([...ids, session.userId]).size).toBe(1);
    expect(session.role).toBe('operator');
    expect(await ensureFirstOperator.execute(operator)).toBe(session.userId);
    await exchange(session);
  });

  test('takes over an account that somebody opened with the address before', async () => {
    await ensureFirstOperator.execute({ email, password: 'operator password' });
    expect(await refusalOf(first)).toBe('UNAUTHENTICATED');
    expect((await logIn.execute({ email, password: PASSWORD })).ok).toBe(false);
    expect(must(await logIn.execute({ email, password: 'operator password' }))).toMatchObject({ userId: first.userId, role: 'operator' });
  });

  test('has the password of the configuration after it was changed there', async () => {
    const operator = { email: `op-${email}`, password: 'operator password' };
    await ensureFirstOperator.execute(operator);
    await ensureFirstOperator.execute({ ...operator, password: 'a new password' });
    expect((await logIn.execute(operator)).ok).toBe(false);
    expect((await logIn.execute({ ...operator, password: 'a new password' })).ok).toBe(true);
  });
});
