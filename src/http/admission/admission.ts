import { Injectable } from '@nestjs/common';
import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Counter, Gauge } from 'prom-client';
import { bearerTokenOf } from '../auth/authentication.js';
import { TokenService } from '../auth/token-service.js';
import { Drain } from '../drain.js';
import { Metrics } from '../metrics.js';
import { PROBLEM_CONTENT_TYPE, problemBody, ProblemError } from '../problem.js';
import { pathOf } from '../problem.filter.js';
import { networkOf } from '../rate-limit/network.js';
import { type Caller, Lane, type Rank } from './lane.js';

/** Probes and scrapers tell how bad it is, and cost little. */
const EXEMPT = /^\/(?:health|metrics|docs)(?:[/?]|$)/;
/** Whoever is turned away together should not come back together. */
const RETRY_AFTER_SECONDS_MAX = 3;

const LANES = ['read', 'write'] as const;

interface Place {
  readonly lane: Lane;
  readonly caller: Caller;
}

/**
 * Turns requests away when there are too many, before their token is checked and their body read: one that is turned away has
 * had nothing done. Whoever is let in finishes. Reads and writes have places of their own.
 */
@Injectable()
export class Admission {
  private readonly lanes = { read: new Lane(), write: new Lane() };
  private readonly places = new Map<FastifyRequest, Place>();
  private readonly shed: Counter<'lane' | 'reason'>;
  private shedSoFar = 0;

  constructor(
    private readonly tokens: TokenService,
    private readonly drain: Drain,
    { registry }: Metrics,
  ) {
    this.shed = new Counter({
      name: 'ordersaga_requests_shed_total',
      help: 'Requests turned away with 503 OVERLOADED: no place free (full), or their caller has too many (share)',
      labelNames: ['lane', 'reason'],
      registers: [registry],
    });
    this.gauge(registry, 'ordersaga_requests_inside', 'Requests let in and not yet answered', ({ inside }) => inside);
    this.gauge(registry, 'ordersaga_request_places', 'Requests that may be inside, at the present pace', ({ places }) => places);
  }

  /** Behind the hooks that every answer needs, before any that costs. */
  watch(server: FastifyInstance): void {
    this.drain.whenOver((request) => this.leave(request));
    server.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
      if (EXEMPT.test(request.url)) return done();
      const name = request.method === 'GET' || request.method === 'HEAD' ? 'read' : 'write';
      const lane = this.lanes[name];
      const { caller, rank } = this.askerOf(request);
      const entrance = lane.enter(caller, rank, performance.now());
      if (entrance !== 'in') {
        this.shed.inc({ lane: name, reason: entrance });
        return this.turnAway(request, reply);
      }
      this.places.set(request, { lane, caller });
      done();
    });
  }

  /** The request is answered, or takes no part in the work any more, as an open stream. */
  leave(request: FastifyRequest): void {
    const place = this.places.get(request);
    if (!place) return;
    this.places.delete(request);
    place.lane.leave(place.caller, performance.now());
  }

  /** A token that is not known yet would have to be checked first, so its bearer is an address until then. */
  private askerOf(request: FastifyRequest): { caller: Caller; rank: Rank } {
    const token = bearerTokenOf(request.headers.authorization);
    const known = token === undefined ? undefined : this.tokens.remembered(token);
    if (known?.role === 'operator') return { caller: known.userId, rank: 'always' };
    const rank = request.routeOptions.config.shedLast === true ? 'ending' : 'new';
    return { caller: known?.userId ?? networkOf(request.ip), rank };
  }

  private turnAway(request: FastifyRequest, reply: FastifyReply): void {
    void reply
      .status(TURNED_AWAY.status)
      .header('content-type', PROBLEM_CONTENT_TYPE)
      .header('retry-after', String(1 + (this.shedSoFar++ % RETRY_AFTER_SECONDS_MAX)))
      .send(JSON.stringify(problemBody(TURNED_AWAY, { path: pathOf(request), traceId: request.id })));
  }

  private gauge(registry: Metrics['registry'], name: string, help: string, figure: (lane: Lane) => number): void {
    const { lanes } = this;
    const gauge: Gauge<'lane'> = new Gauge({
      name,
      help,
      labelNames: ['lane'],
      registers: [registry],
      collect: () => LANES.forEach((lane) => gauge.set({ lane }, figure(lanes[lane]))),
    });
  }
}

const TURNED_AWAY = new ProblemError({
  code: 'OVERLOADED',
  message: 'too many requests at once, nothing was done; repeat the request later',
});
