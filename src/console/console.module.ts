import { Module } from '@nestjs/common';
import { AuditController } from './presentation/audit.controller.js';
import { DeadLettersController } from './presentation/dead-letters.controller.js';

/** What operators see and do over all domains. It has no tables of its own. */
@Module({ controllers: [AuditController, DeadLettersController] })
export class ConsoleModule {}
