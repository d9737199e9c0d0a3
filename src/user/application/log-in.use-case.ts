import { Injectable } from '@nestjs/common';
import { ok, type Refusal, refuse, type Result } from '../../kernel/result.js';
import { UnitOfWork } from '../../kernel/transaction.js';
import { normalisedEmail } from '../domain/account.js';
import { CredentialsRepository } from '../domain/credentials.repository.js';
import { type LoggedIn, OpenSession } from './open-session.js';
import { PasswordHasher } from './password-hasher.port.js';

/** Opens a session for whoever knows the password. The answer does not tell whether the address exists, nor does its time. */
@Injectable()
export class LogInUseCase {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly credentials: CredentialsRepository,
    private readonly passwords: PasswordHasher,
    private readonly openSession: OpenSession,
  ) {}

  async execute({ email, password }: { email: string; password: string }): Promise<Result<LoggedIn, Refusal<'INVALID_CREDENTIALS'>>> {
    const known = await this.unitOfWork.run((tx) => this.credentials.findByEmail(tx, normalisedEmail(email)));
    // No transaction is open here: a flood of logins must not take the connections of payments.
    const matches = await this.passwords.verify(password, known?.passwordHash ?? null);
    if (!known || !matches) return refuse('INVALID_CREDENTIALS', 'the e-mail address or the password is wrong');
    return ok(await this.unitOfWork.run((tx) => this.openSession.for(tx, known)));
  }
}
