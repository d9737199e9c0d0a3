import { Injectable } from '@nestjs/common';
import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { ProblemError } from './problem.js';

type State = 'working' | 'answered' | 'hung up';

/**
 * The end of a process in order: no new requests, the running ones finish.
 *
 * D1: a client that hangs up does not end the work for it. A request is over when its connection is done with it and
 *     its handler has answered, whichever comes last.
 */
@Injectable()
export class Drain {
  private readonly running = new Map<FastifyRequest, State>();
  private draining = false;
  private readonly starters: (() => void)[] = [];
  private readonly enders: ((request: FastifyRequest) => void)[] = [];
  private idle: (() => void) | undefined;

  get isDraining(): boolean {
    return this.draining;
  }

  /** Runs when draining begins, for what would never end by itself, such as streams. */
  onStart(stop: () => void): void {
    this.starters.push(stop);
  }

  /** Runs when nothing more happens for a request; more than once, it may be. */
  whenOver(ender: (request: FastifyRequest) => void): void {
    this.enders.push(ender);
  }

  watch(server: FastifyInstance): void {
    server.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
      this.running.set(request, 'working');
      reply.raw.once('close', () => {
        if (this.running.get(request) === 'working' && !reply.sent) this.running.set(request, 'hung up');
        else this.over(request);
      });
      if (!this.draining) return done();
      return request.url.startsWith('/health/') ? done() : done(stopping());
    });
    server.addHook('onSend', (request, reply, payload, done) => {
      // A kept connection would be torn away under its next request.
      if (this.draining) void reply.header('connection', 'close');
      const state = this.running.get(request);
      if (state === 'hung up') this.over(request);
      // The router's own answers come here without having been counted.
      else if (state === 'working') this.running.set(request, 'answered');
      done(null, payload);
    });
  }

  begin(): void {
    this.draining = true;
    for (const stop of this.starters) stop();
  }

  /** Resolves when no request is running, or after `waitMsMax`; answers how many still were. */
  async finished(waitMsMax: number): Promise<number> {
    if (this.running.size === 0) return 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, waitMsMax);
    this.idle = resolve;
    await promise;
    clearTimeout(timer);
    return this.running.size;
  }

  /** Nothing more happens for this request. */
  over(request: FastifyRequest): void {
    this.running.delete(request);
    for (const ender of this.enders) ender(request);
    if (this.running.size === 0) this.idle?.();
  }
}

const stopping = (): ProblemError =>
  new ProblemError({ code: 'UNAVAILABLE', message: 'this process is stopping; repeat the request' }, { headers: { 'retry-after': '1' } });
