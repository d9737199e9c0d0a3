import { Controller, Get, Res, ServiceUnavailableException } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { HealthCheckService } from '@nestjs/terminus';
import { type FastifyReply } from 'fastify';
import { z } from 'zod';
import { Public } from '../auth/caller.js';
import { Drain } from '../drain.js';
import { Route } from '../route.js';
import { HealthChecks } from './health-checks.js';

const Part = z.looseObject({ status: z.string() });
const Health = z.looseObject({ status: z.string(), details: z.record(z.string(), Part).optional() }).meta({ id: 'Health' });
type Health = z.output<typeof Health>;

@Public()
@ApiTags('operations')
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly checks: HealthChecks,
    private readonly drain: Drain,
  ) {}

  @Get('live')
  @Route({ summary: 'Is the process running?', answer: Health })
  live(): Health {
    return { status: 'ok' };
  }

  @Get('ready')
  @Route({ summary: 'May requests be sent here?', answer: Health, alternatives: { 503: Health } })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Health> {
    if (this.drain.isDraining) {
      void reply.status(503);
      return { status: 'draining' };
    }
    try {
      const { status, details } = await this.health.check(this.checks.indicatorsOfAll());
      return { status, details: { ...details, ...this.checks.dispensableParts() } };
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      void reply.status(503);
      const { status, details } = error.getResponse() as Health;
      return { status, details: { ...details, ...this.checks.dispensableParts() } };
    }
  }
}
