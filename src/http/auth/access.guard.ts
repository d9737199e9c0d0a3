import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type FastifyRequest } from 'fastify';
import { ProblemError } from '../problem.js';
import { unauthenticated } from './authentication.js';
import { ACCESS, type Access } from './caller.js';

/** Every route needs a token unless it, or its controller, says `@Public()`. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [context.getHandler(), context.getClass()]) ?? 'user';
    if (access === 'public') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (!request.caller) throw unauthenticated(request.callerRefusal);
    if (access === 'operator' && request.caller.role !== 'operator') {
      throw new ProblemError({ code: 'FORBIDDEN', message: 'this is for operators' });
    }
    return true;
  }
}
