import { Inject, Module, type OnApplicationBootstrap } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { TokenService } from '../http/auth/token-service.js';
import { platformOf } from '../messaging/domain-platform.js';
import { AccountQueries } from './application/account-queries.port.js';
import { ChangeBalanceUseCase } from './application/change-balance.use-case.js';
import { EnsureFirstOperatorUseCase } from './application/ensure-first-operator.use-case.js';
import { LedgerService } from './application/ledger.service.js';
import { OnOrderFailListener } from './application/listeners/on-order-fail.listener.js';
import { OnOrderPaymentListener } from './application/listeners/on-order-payment.listener.js';
import { LogInUseCase } from './application/log-in.use-case.js';
import { LogOutUseCase } from './application/log-out.use-case.js';
import { OpenSession } from './application/open-session.js';
import { PasswordHasher } from './application/password-hasher.port.js';
import { PurgeSessions } from './application/purge-sessions.js';
import { RefreshSessionUseCase } from './application/refresh-session.use-case.js';
import { SignUpUseCase } from './application/sign-up.use-case.js';
import { TokenIssuer } from './application/token-issuer.port.js';
import { AccountRepository } from './domain/account.repository.js';
import { CredentialsRepository } from './domain/credentials.repository.js';
import { SessionRepository } from './domain/session.repository.js';
import { Argon2PasswordHasher } from './infrastructure/argon2-password-hasher.js';
import { PgAccountQueries } from './infrastructure/pg-account-queries.js';
import { PgAccountRepository } from './infrastructure/pg-account.repository.js';
import { PgCredentialsRepository } from './infrastructure/pg-credentials.repository.js';
import { PgSessionRepository } from './infrastructure/pg-session.repository.js';
import { AuthController } from './presentation/auth.controller.js';
import { BalanceController } from './presentation/balance.controller.js';
import { UsersController } from './presentation/users.controller.js';

/** Accounts, logins and balances. At every start the operator of the configuration can log in. */
@Module({
  controllers: [AuthController, UsersController, BalanceController],
  providers: [
    ...platformOf('user'),
    OnOrderPaymentListener,
    OnOrderFailListener,
    ChangeBalanceUseCase,
    EnsureFirstOperatorUseCase,
    LedgerService,
    LogInUseCase,
    LogOutUseCase,
    OpenSession,
    PurgeSessions,
    RefreshSessionUseCase,
    SignUpUseCase,
    { provide: AccountQueries, useClass: PgAccountQueries },
    { provide: AccountRepository, useClass: PgAccountRepository },
    { provide: CredentialsRepository, useClass: PgCredentialsRepository },
    { provide: PasswordHasher, useFactory: () => new Argon2PasswordHasher() },
    { provide: SessionRepository, useClass: PgSessionRepository },
    { provide: TokenIssuer, useExisting: TokenService },
  ],
})
export class UserModule implements OnApplicationBootstrap {
  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'operator'>,
    private readonly ensureFirstOperator: EnsureFirstOperatorUseCase,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.config.operator) await this.ensureFirstOperator.execute(this.config.operator);
  }
}
