import { Injectable } from '@nestjs/common';
import { ok, type Refusal, refuse, type Result } from '../../kernel/result.js';
import { type Transaction, UnitOfWork } from '../../kernel/transaction.js';
import { SessionRepository } from '../domain/session.repository.js';
import { hashOfToken, type LoggedIn, loggedIn } from './open-session.js';
import { TokenIssuer } from './token-issuer.port.js';

type Answer = Result<LoggedIn, Refusal<'UNAUTHENTICATED'>>;

/**
 * Exchanges a refresh token for new tokens.
 *
 * R1: a session has one live token; an exchange spends it.
 * R2: a spent token that comes back was stolen, or its thief came first: the session ends, for both.
 * R3: unless it comes back within seconds: then the client did not get the answer, and is given another token in place
 *     of the lost one.
 */
@Injectable()
export class RefreshSessionUseCase {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly sessions: SessionRepository,
    private readonly tokens: TokenIssuer,
  ) {}

  async execute({ refreshToken }: { refreshToken: string }): Promise<Answer> {
    const signed = await this.tokens.verifyRefresh(refreshToken);
    return signed.ok ? this.unitOfWork.run((tx) => this.exchange(tx, hashOfToken(refreshToken))) : signed;
  }

  private async exchange(tx: Transaction, tokenHash: Buffer): Promise<Answer> {
    const session = await this.sessions.lockByToken(tx, tokenHash);
    if (!session) return refuse('UNAUTHENTICATED', 'the session has ended: log in again');
    if (session.token === 'spent') {
      await this.sessions.end(tx, session.sessionId);
      return refuse('UNAUTHENTICATED', 'the token was used before, so the session has been ended: log in again');
    }
    const tokens = await this.tokens.issue(session);
    await this.sessions.rotate(tx, session.sessionId, hashOfToken(tokens.refreshToken));
    return ok(loggedIn(session, tokens));
  }
}
