import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../kernel/transaction.js';
import { SessionRepository } from '../domain/session.repository.js';
import { hashOfToken } from './open-session.js';

/** Ends the session of a refresh token. One that is over already is as good as ended. */
@Injectable()
export class LogOutUseCase {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly sessions: SessionRepository,
  ) {}

  execute({ refreshToken }: { refreshToken: string }): Promise<void> {
    return this.unitOfWork.run(async (tx) => {
      const session = await this.sessions.lockByToken(tx, hashOfToken(refreshToken));
      if (session) await this.sessions.end(tx, session.sessionId);
    });
  }
}
