import { createSecretKey, type KeyObject, randomUUID } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { type Clock, SystemClock } from '../../kernel/clock.js';
import { type UserId } from '../../kernel/ids.js';
import { ok, type Refusal, refuse, type Result } from '../../kernel/result.js';
import { type Caller, type Role } from './caller.js';

const ISSUER = 'ordersaga';
const AUDIENCE = 'ordersaga-api';
export const ACCESS_TOKEN_SECONDS = 15 * 60;
export const REFRESH_TOKEN_SECONDS = 30 * 24 * 3_600;
/** Several machines sign and check; their clocks differ a little. */
const CLOCK_SKEW_SECONDS = 5;
const VERIFIED_TOKENS_MAX = 10_000;

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Seconds that the access token lives. */
  readonly expiresIn: number;
}

type TokenKind = 'access' | 'refresh';
type Verdict = Result<Caller, Refusal<'UNAUTHENTICATED'>>;

interface Verified {
  readonly caller: Caller;
  readonly expiresAtMs: number;
}

/**
 * Signs and checks tokens (JWT, HS256). The user domain issues them at login; the platform checks them at every request.
 *
 * A token that was issued or checked here is remembered until it expires, in a bounded map, because the signature costs more
 * than the rest of a small request. Nothing can revoke an access token, which is why it lives for minutes only.
 */
export class TokenService {
  private readonly key: KeyObject;
  private readonly verified = new Map<string, Verified>();

  constructor(
    secret: string,
    private readonly clock: Clock = new SystemClock(),
  ) {
    this.key = createSecretKey(Buffer.from(secret, 'utf8'));
  }

  async issue(caller: Caller): Promise<Tokens> {
    const [accessToken, refreshToken] = await Promise.all([
      this.sign(caller, 'access', ACCESS_TOKEN_SECONDS),
      this.sign(caller, 'refresh', REFRESH_TOKEN_SECONDS),
    ]);
    this.remember(accessToken, { caller, expiresAtMs: (this.nowSeconds() + ACCESS_TOKEN_SECONDS) * 1_000 });
    return { accessToken, refreshToken, expiresIn: ACCESS_TOKEN_SECONDS };
  }

  /** The caller of a token that was checked before, without the cost of checking it again. */
  remembered(accessToken: string): Caller | undefined {
    const known = this.verified.get(accessToken);
    if (!known) return undefined;
    if (known.expiresAtMs > this.clock.now().getTime()) return known.caller;
    this.verified.delete(accessToken);
    return undefined;
  }

  async verifyAccess(accessToken: string): Promise<Verdict> {
    const verdict = await this.verify(accessToken, 'access');
    if (!verdict.ok) return verdict;
    this.remember(accessToken, verdict.value);
    return ok(verdict.value.caller);
  }

  /** Checks a refresh token. The role in it may be old: look the user up before issuing new tokens. */
  async verifyRefresh(refreshToken: string): Promise<Verdict> {
    const verdict = await this.verify(refreshToken, 'refresh');
    return verdict.ok ? ok(verdict.value.caller) : verdict;
  }

  private sign({ userId, role }: Caller, typ: TokenKind, lifeSeconds: number): Promise<string> {
    const nowSeconds = this.nowSeconds();
    return new SignJWT({ role, typ })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setSubject(String(userId))
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setIssuedAt(nowSeconds)
      .setExpirationTime(nowSeconds + lifeSeconds)
      .setJti(randomUUID())
      .sign(this.key);
  }

  private nowSeconds(): number {
    return Math.floor(this.clock.now().getTime() / 1_000);
  }

  private async verify(token: string, kind: TokenKind): Promise<Result<Verified, Refusal<'UNAUTHENTICATED'>>> {
    try {
      const { payload } = await jwtVerify(token, this.key, {
        algorithms: ['HS256'],
        issuer: ISSUER,
        audience: AUDIENCE,
        clockTolerance: CLOCK_SKEW_SECONDS,
        currentDate: this.clock.now(),
        requiredClaims: ['sub', 'exp', 'role', 'typ'],
      });
      if (payload['typ'] !== kind) return unauthenticated(`send the ${kind} token here, not the other one`);
      const userId = Number(payload.sub);
      const role = payload['role'];
      if (!Number.isSafeInteger(userId) || userId < 1 || !isRole(role)) return unauthenticated('the token is not one of ours');
      return ok({ caller: { userId: userId as UserId, role }, expiresAtMs: (payload.exp ?? 0) * 1_000 });
    } catch (error) {
      if (error instanceof errors.JWTExpired) {
        return unauthenticated(
          kind === 'access' ? 'the token has expired: refresh it or log in again' : 'the token has expired: log in again',
        );
      }
      if (error instanceof errors.JOSEError) return unauthenticated('the token is not valid: log in again');
      throw error;
    }
  }

  private remember(token: string, verified: Verified): void {
    if (this.verified.size >= VERIFIED_TOKENS_MAX) {
      // A Map lists its keys in the order of insertion: the first is the oldest, and so the next to expire.
      const oldest = this.verified.keys().next();
      if (!oldest.done) this.verified.delete(oldest.value);
    }
    this.verified.set(token, verified);
  }
}

const isRole = (role: unknown): role is Role => role === 'customer' || role === 'operator';

const unauthenticated = (message: string) => refuse('UNAUTHENTICATED', message);
