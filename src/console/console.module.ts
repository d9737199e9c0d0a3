import { Module } from '@nestjs/common';
import { DeadLettersController } from './presentation/dead-letters.controller.js';

/** What operators see and do over all domains. It has no tables of its own. */
@Module({ controllers: [DeadLettersController] })
export class ConsoleModule {}
