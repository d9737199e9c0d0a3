import { join } from 'node:path';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { audit } from '../../audit/audit.js';
import { AuditInProgress, CannotAudit } from '../../audit/books.js';
import type { Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';
import { Databases } from '../../database/databases.js';
import { OperatorOnly } from '../../http/auth/caller.js';
import { ProblemError } from '../../http/problem.js';
import { declareProblems } from '../../http/problem-codes.js';
import { Route } from '../../http/route.js';
import { AuditAnswer, AuditQuery } from './audit-schemas.js';

declareProblems({ AUDIT_IN_PROGRESS: 409, CANNOT_AUDIT: 503 });

/** A request should not take longer; a shop with more books than that is audited from the command line. */
const TIME_MS_MAX = 60_000;
const RETRY_AFTER_SECONDS = '5';

/** The auditor, for operators. */
@ApiTags('operator')
@Controller('api/admin/audit')
@OperatorOnly()
export class AuditController {
  constructor(
    private readonly databases: Databases,
    @Inject(CONFIG) private readonly config: Pick<Config, 'dataDir' | 'dataPlatform' | 'database'>,
  ) {}

  @Get()
  @Route({
    summary: 'Check the books of all domains against each other',
    description: 'One at a time, while the shop runs; nobody waits for it. It ends without a result after 60 seconds.',
    answer: AuditAnswer,
    problems: ['AUDIT_IN_PROGRESS', 'CANNOT_AUDIT'],
  })
  async run(@Query({ schema: AuditQuery }) { settled }: z.output<typeof AuditQuery>) {
    const { dataDir, dataPlatform, database } = this.config;
    const files =
      dataPlatform === null ? { deliveredFolder: join(dataDir, 'data-platform'), deliveredElsewhere: database.kind === 'url' } : {};
    try {
      const report = await audit({ ...this.databases.addresses, ...files, settled, timeMsMax: TIME_MS_MAX, oneAtATime: true });
      return { ...report, census: { ...report.census } };
    } catch (error) {
      if (error instanceof AuditInProgress) throw later('AUDIT_IN_PROGRESS', error);
      if (error instanceof CannotAudit) throw later('CANNOT_AUDIT', error);
      throw error;
    }
  }
}

const later = (code: string, { message }: Error): ProblemError =>
  new ProblemError({ code, message }, { headers: { 'retry-after': RETRY_AFTER_SECONDS } });
