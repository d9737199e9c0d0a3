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
  readonly route: string;
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
      help: 'Requests turned away with 503 OVERLOADED: no place free (full), their route too slow (slow), too many of one caller (share)',
      labelNames: ['lane', 'reason'],
      registers: [registry],
    });
    const { lanes } = this;
    const inside: Gauge<'lane'> = new Gauge({
      name: 'ordersaga_requests_inside',
      help: 'Requests let in and not yet answered',
      labelNames: ['lane'],
      registers: [registry],
      collect: () => LANES.forEach((lane) => inside.set({ lane }, lanes[lane].inside)),
    });
  }

  /** Behind the hooks that every answer needs, before any that costs. */
  watch(server: FastifyInstance): void {
    this.drain.whenOver((request) => this.leave(request));
    server.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
      if (EXEMPT.test(request.url)) return done();
      const name = request.method === 'GET' || request.method === 'HEAD' ? 'read' : 'write';
      const lane = this.lanes[name];
      const { caller, rank } = this.askerOf(request);
      const route = request.routeOptions.url ?? 'unknown';
      const entrance = lane.enter({ caller, route, rank }, performance.now());
      if (entrance !== 'in') {
        this.shed.inc({ lane: name, reason: entrance });
        return this.turnAway(request, reply);
      }
      this.places.set(request, { lane, caller, route });
      done();
    });
  }

  /** The request is answered, or takes no part in the work any more, as an open stream. */
  leave(request: FastifyRequest): void {
    const place = this.places.get(request);
    if (!place) return;
    this.places.delete(request);
    place.lane.leave(place, performance.now());
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
}

const TURNED_AWAY = new ProblemError({
  code: 'OVERLOADED',
  message: 'too many requests at once, nothing was done; repeat the request later',
});
