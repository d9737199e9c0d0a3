import { Injectable } from '@nestjs/common';
import { ok, type Refusal, refuse, type Result } from '../../kernel/result.js';
import { UnitOfWork } from '../../kernel/transaction.js';
import { normalisedEmail } from '../domain/account.js';
import { CredentialsRepository } from '../domain/credentials.repository.js';
import { type LoggedIn, OpenSession } from './open-session.js';
import { PasswordHasher } from './password-hasher.port.js';

/** Opens an account and the first session of its owner. */
@Injectable()
export class SignUpUseCase {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly credentials: CredentialsRepository,
    private readonly passwords: PasswordHasher,
    private readonly openSession: OpenSession,
  ) {}

  async execute({ email, password }: { email: string; password: string }): Promise<Result<LoggedIn, Refusal<'EMAIL_TAKEN'>>> {
    const passwordHash = await this.passwords.hash(password);
    return this.unitOfWork.run(async (tx) => {
      const userId = await this.credentials.addCustomer(tx, normalisedEmail(email), passwordHash);
      if (userId === null) return refuse('EMAIL_TAKEN', 'this e-mail address has an account: log in');
      return ok(await this.openSession.for(tx, { userId, role: 'customer' }));
    });
  }
}
