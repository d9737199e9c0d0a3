import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { type FastifyRequest } from 'fastify';
import { type UserId } from '../../kernel/ids.js';
import { ProblemError, validationFailed } from '../problem.js';

export type Role = 'customer' | 'operator';

/** Who sends the request, as the access token says. */
export interface Caller {
  readonly userId: UserId;
  readonly role: Role;
}

export type Access = 'public' | 'user' | 'operator';

export const ACCESS = 'ordersaga:access';

/** Opens a route, or a controller, to requests without a token. Everything else needs one. */
export const Public = () => SetMetadata(ACCESS, 'public' satisfies Access);

/** For operators only; a customer gets 403. */
export const OperatorOnly = () => SetMetadata(ACCESS, 'operator' satisfies Access);

/** `@CurrentUser() caller: Caller` on a route that is not public. */
export const CurrentUser = createParamDecorator((_: unknown, context: ExecutionContext): Caller =>
  callerOf(context.switchToHttp().getRequest<FastifyRequest>()),
);

/**
 * `@UserParam() userId: UserId` on `/users/:id/…`: the id in the path, where `me` is the caller. Another user's id is
 * 404 unless the caller is an operator, so that nobody can find out which ids exist.
 */
export const UserParam = createParamDecorator((name: string | undefined, context: ExecutionContext): UserId => {
  const request = context.switchToHttp().getRequest<FastifyRequest<{ Params: Record<string, string> }>>();
  const parameter = name ?? 'id';
  const text = request.params[parameter] ?? '';
  const caller = callerOf(request);
  if (text === 'me') return caller.userId;
  const id = Number(text);
  if (!/^\d{1,20}$/.test(text) || !Number.isSafeInteger(id) || id < 1) {
    throw validationFailed([{ path: parameter, message: 'send me or a whole number from 1' }]);
  }
  if (id !== caller.userId && caller.role !== 'operator') {
    throw new ProblemError({ code: 'USER_NOT_FOUND', message: `there is no user ${id}` });
  }
  return id as UserId;
});

function callerOf(request: FastifyRequest): Caller {
  // The guard lets nobody through without a token unless the route is public: then the route has no business asking.
  if (!request.caller) throw new Error('a public route asks for its caller');
  return request.caller;
}
