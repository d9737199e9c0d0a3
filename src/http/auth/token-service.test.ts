import { expect, test } from 'vitest';
import { type Clock } from '../../kernel/clock.js';
import { type UserId } from '../../kernel/ids.js';
import { ACCESS_TOKEN_SECONDS, REFRESH_TOKEN_SECONDS, TokenService } from './token-service.js';

const SECRET = 'a secret of the tests, long enough for HS256';
const caller = { userId: 7 as UserId, role: 'operator' } as const;

function turnableClock(): Clock & { turn(seconds: number): void } {
  let nowMs = Date.UTC(2026, 10, 22);
  return { now: () => new Date(nowMs), turn: (seconds) => void (nowMs += seconds * 1_000) };
}

test('a token says who its bearer is, and is remembered by who issued it, and by others after the first look', async () => {
  const clock = turnableClock();
  const [issuer, other] = [new TokenService(SECRET, clock), new TokenService(SECRET, clock)];
  const { accessToken, expiresIn } = await issuer.issue(caller);
  expect(expiresIn).toBe(ACCESS_TOKEN_SECONDS);
  expect(issuer.remembered(accessToken)).toEqual(caller);
  expect(other.remembered(accessToken)).toBeUndefined();
  expect(await other.verifyAccess(accessToken)).toEqual({ ok: true, value: caller });
  expect(other.remembered(accessToken)).toEqual(caller);
});

test('an access token ends after 15 minutes, remembered or not; the refresh token lives 30 days', async () => {
  const clock = turnableClock();
  const tokens = new TokenService(SECRET, clock);
  const { accessToken, refreshToken } = await tokens.issue(caller);
  await tokens.verifyAccess(accessToken);
  clock.turn(ACCESS_TOKEN_SECONDS - 1);
  expect(tokens.remembered(accessToken)).toEqual(caller);
  clock.turn(10);
  expect(tokens.remembered(accessToken)).toBeUndefined();
  expect(await tokens.verifyAccess(accessToken)).toMatchObject({
    ok: false,
    refusal: { message: 'the token has expired: refresh it or log in again' },
  });
  expect(await tokens.verifyRefresh(refreshToken)).toEqual({ ok: true, value: caller });
  clock.turn(REFRESH_TOKEN_SECONDS);
  expect(await tokens.verifyRefresh(refreshToken)).toMatchObject({
    ok: false,
    refusal: { message: 'the token has expired: log in again' },
  });
});

test('neither token does the work of the other', async () => {
  const tokens = new TokenService(SECRET);
  const { accessToken, refreshToken } = await tokens.issue(caller);
  expect(await tokens.verifyAccess(refreshToken)).toMatchObject({ ok: false, refusal: { code: 'UNAUTHENTICATED' } });
  expect(await tokens.verifyRefresh(accessToken)).toMatchObject({ ok: false, refusal: { code: 'UNAUTHENTICATED' } });
});

test('one changed character makes a token worthless', async () => {
  const tokens = new TokenService(SECRET);
  const { accessToken } = await tokens.issue(caller);
  const [head = '', claims = '', signature = ''] = accessToken.split('.');
  const other = Buffer.from(Buffer.from(claims, 'base64url').toString().replace('"7"', '"8"')).toString('base64url');
  expect((await tokens.verifyAccess(`${head}.${other}.${signature}`)).ok).toBe(false);
  expect((await new TokenService(`${SECRET}!`).verifyAccess(accessToken)).ok).toBe(false);
});
