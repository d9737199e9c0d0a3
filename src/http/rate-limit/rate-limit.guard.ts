import { applyDecorators, type CanActivate, type ExecutionContext, Injectable, SetMetadata, UseGuards } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { rateLimited, tellLimit } from './limit-requests.js';
import { networkOf } from './network.js';
import { RateLimiter } from './rate-limiter.js';

const RATE_LIMIT = 'ordersaga:rate-limit';

interface RouteLimit {
  readonly perMinute: number;
  /** A text field of the body that, with the network address, makes the caller: `by: 'email'` at a login. */
  readonly by?: string;
}

/** A limit of this route's own, beside the one for all requests: `@RateLimit({ perMinute: 10, by: 'email' })`. */
export const RateLimit = (limit: RouteLimit): MethodDecorator => applyDecorators(SetMetadata(RATE_LIMIT, limit), UseGuards(RateLimitGuard));

const KEY_CHARACTERS_MAX = 254;

@Injectable()
export class RateLimitGuard implements CanActivate {
  private readonly limiters = new Map<RouteLimit, RateLimiter>();

  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const limit = this.reflector.get<RouteLimit>(RATE_LIMIT, context.getHandler());
    const http = context.switchToHttp();
    const verdict = this.limiterOf(limit).take(callerOf(http.getRequest<FastifyRequest>(), limit.by), performance.now());
    tellLimit(http.getResponse<FastifyReply>(), 'route', limit.perMinute, verdict);
    if (!verdict.allowed) throw rateLimited(verdict);
    return true;
  }

  private limiterOf(limit: RouteLimit): RateLimiter {
    let limiter = this.limiters.get(limit);
    if (!limiter) {
      limiter = new RateLimiter(limit.perMinute);
      this.limiters.set(limit, limiter);
    }
    return limiter;
  }
}

function callerOf(request: FastifyRequest, by: string | undefined): string {
  if (request.caller) return `user ${request.caller.userId}`;
  const body = request.body as Record<string, unknown> | null | undefined;
  const value = by === undefined ? undefined : body?.[by];
  const named = typeof value === 'string' ? value.trim().toLowerCase().slice(0, KEY_CHARACTERS_MAX) : '';
  return `${networkOf(request.ip)} ${named}`;
}
