import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE, DiscoveryModule } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { type Queryable } from '../database/database.js';
import { Admission } from './admission/admission.js';
import { AccessGuard } from './auth/access.guard.js';
import { TokenService } from './auth/token-service.js';
import { Drain } from './drain.js';
import { HealthChecks } from './health/health-checks.js';
import { HealthController } from './health/health.controller.js';
import { IdempotencyPurge } from './idempotency/idempotency-purge.js';
import { IdempotencyStore } from './idempotency/idempotency-store.js';
import { LiveStreams } from './live-streams.js';
import { Metrics, MetricsController } from './metrics.js';
import { ProblemFilter } from './problem.filter.js';
import { RouteTable } from './route-table.js';
import { RequestValidationPipe } from './validation.pipe.js';

interface HttpModuleOptions {
  readonly jwtSecret: string;
  /** Where the schema `shop_http` is. */
  readonly database: Queryable;
}

/** What every controller stands on. Global, so that domains inject TokenService, LiveStreams, HealthChecks and Metrics as they are. */
@Module({})
export class HttpModule {
  static forRoot({ jwtSecret, database }: HttpModuleOptions): DynamicModule {
    return {
      module: HttpModule,
      global: true,
      imports: [TerminusModule.forRoot({ errorLogStyle: 'json' }), DiscoveryModule],
      controllers: [HealthController, MetricsController],
      providers: [
        { provide: TokenService, useFactory: () => new TokenService(jwtSecret) },
        { provide: IdempotencyStore, useFactory: () => new IdempotencyStore(database) },
        IdempotencyPurge,
        Drain,
        Admission,
        LiveStreams,
        HealthChecks,
        Metrics,
        RouteTable,
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_PIPE, useClass: RequestValidationPipe },
      ],
      exports: [TokenService, IdempotencyStore, Drain, LiveStreams, HealthChecks, Metrics],
    };
  }
}
