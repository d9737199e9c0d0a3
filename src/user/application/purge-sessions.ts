import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Periodic } from '../../messaging/periodic.js';
import { SessionRepository } from '../domain/session.repository.js';

const PURGE_INTERVAL_MS = 10 * 60_000;

/** Deletes expired sessions, whichever process opened them. */
@Injectable()
export class PurgeSessions implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly periodic: Periodic;

  constructor(sessions: SessionRepository) {
    const logger = new Logger(PurgeSessions.name);
    this.periodic = new Periodic({
      everyMs: PURGE_INTERVAL_MS,
      run: async () => (await sessions.purge()) > 0,
      onFault: (fault) => logger.warn({ err: fault }, 'expired sessions stay until the next round'),
    });
  }

  onApplicationBootstrap(): void {
    this.periodic.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.periodic.stop();
  }
}
