import type { Refusal, Result } from '../../kernel/result.js';
import type { Identity } from '../domain/account.js';

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Seconds that the access token lives. */
  readonly expiresIn: number;
}

/** Makes and checks signed tokens. It knows no sessions: whether a refresh token is still good is theirs to say. */
export abstract class TokenIssuer {
  abstract issue(identity: Identity): Promise<Tokens>;

  abstract verifyRefresh(refreshToken: string): Promise<Result<Identity, Refusal<'UNAUTHENTICATED'>>>;
}
