import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../../kernel/transaction.js';
import type { Identity } from '../domain/account.js';
import { SessionRepository } from '../domain/session.repository.js';
import { TokenIssuer, type Tokens } from './token-issuer.port.js';

/** What a client gets that has shown who it is. */
export type LoggedIn = Identity & Tokens;

/** Begins a session for somebody whose identity is certain. */
@Injectable()
export class OpenSession {
  constructor(
    private readonly sessions: SessionRepository,
    private readonly tokens: TokenIssuer,
  ) {}

  async for(tx: Transaction, identity: Identity): Promise<LoggedIn> {
    const tokens = await this.tokens.issue(identity);
    await this.sessions.open(tx, identity.userId, hashOfToken(tokens.refreshToken));
    return loggedIn(identity, tokens);
  }
}

/** Only the hash is kept. The token is random enough that a fast one will do. */
export const hashOfToken = (refreshToken: string): Buffer => createHash('sha256').update(refreshToken).digest();

export const loggedIn = ({ userId, role }: Identity, tokens: Tokens): LoggedIn => ({ userId, role, ...tokens });
