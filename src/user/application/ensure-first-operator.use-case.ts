import { Injectable } from '@nestjs/common';
import type { UserId } from '../../kernel/ids.js';
import { UnitOfWork } from '../../kernel/transaction.js';
import { normalisedEmail } from '../domain/account.js';
import { CredentialsRepository } from '../domain/credentials.repository.js';
import { SessionRepository } from '../domain/session.repository.js';
import { PasswordHasher } from './password-hasher.port.js';

/**
 * Sees to it that the operator of the configuration can log in; run at every start, by any number of processes.
 * The configuration has the last word: a customer who took the address before becomes the operator with the configured
 * password, and whoever was logged in with another password is logged out.
 */
@Injectable()
export class EnsureFirstOperatorUseCase {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly credentials: CredentialsRepository,
    private readonly sessions: SessionRepository,
    private readonly passwords: PasswordHasher,
  ) {}

  async execute(operator: { readonly email: string; readonly password: string }): Promise<UserId> {
    const email = normalisedEmail(operator.email);
    const known = await this.unitOfWork.run((tx) => this.credentials.findByEmail(tx, email));
    if (known?.role === 'operator' && (await this.passwords.verify(operator.password, known.passwordHash))) return known.userId;

    const passwordHash = await this.passwords.hash(operator.password);
    return this.unitOfWork.run(async (tx) => {
      const userId = await this.credentials.putOperator(tx, email, passwordHash);
      await this.sessions.endAllOf(tx, userId);
      return userId;
    });
  }
}
