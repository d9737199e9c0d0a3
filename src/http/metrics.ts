import { Controller, Get, Injectable, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { Public } from './auth/caller.js';

const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** One registry per process part, so that domains can add their own: `new Counter({ …, registers: [metrics.registry] })`. */
@Injectable()
export class Metrics {
  readonly registry = new Registry();
  private readonly duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: BUCKETS_SECONDS,
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** The route's pattern is the label, never the address: ids would make a time series each. */
  watch(server: FastifyInstance): void {
    server.addHook('onResponse', (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
      // A stream's length says how long somebody watched.
      if (!String(reply.raw.getHeader('content-type')).startsWith('text/event-stream')) {
        const route = request.is404 ? 'unknown' : (request.routeOptions.url ?? 'unknown');
        this.duration.observe(
          { method: request.is404 ? 'any' : request.method, route, status: reply.statusCode },
          reply.elapsedTime / 1_000,
        );
      }
      done();
    });
  }
}

@Public()
@ApiExcludeController()
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  @Get()
  async read(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    void reply.header('content-type', this.metrics.registry.contentType);
    return this.metrics.registry.metrics();
  }
}
