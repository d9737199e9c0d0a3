import type { Provider } from '@nestjs/common';
import { DomainDatabase } from '../database/database.js';
import { Databases } from '../database/databases.js';
import { UnitOfWork } from '../kernel/transaction.js';
import { PgSagaJournal } from './postgres/pg-saga-journal.js';
import { SagaJournal } from './saga-journal.js';

/** What a domain module provides so that its classes get their own domain's database, unit of work and saga journal. */
export const platformOf = (domain: string): Provider[] => [
  { provide: DomainDatabase, useFactory: (databases: Databases) => databases.of(domain), inject: [Databases] },
  { provide: UnitOfWork, useExisting: DomainDatabase },
  { provide: SagaJournal, useFactory: () => new PgSagaJournal(domain) },
];
