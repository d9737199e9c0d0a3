import { applyDecorators, createParamDecorator, type ExecutionContext, SetMetadata, UseInterceptors } from '@nestjs/common';
import { type FastifyRequest } from 'fastify';
import { IdempotencyInterceptor } from './idempotency.interceptor.js';
import { idempotencyKeyOf } from './idempotency-key.js';

export const IDEMPOTENT = 'ordersaga:idempotent';

/**
 * Lets clients repeat a write that moves money or stock: with an `Idempotency-Key` header the same request runs once and
 * every repeat gets the stored answer. Without the header the route costs nothing more.
 *
 * The answer is stored after the handler's transaction has committed. A crash in between frees the key within 10 s, and
 * a repeat runs again: where that would hurt, take {@link IdempotencyKey} and make it unique in the table of the effect.
 * While the handler runs its key stays taken, for up to 10 minutes.
 */
export const Idempotent = (): MethodDecorator => applyDecorators(SetMetadata(IDEMPOTENT, true), UseInterceptors(IdempotencyInterceptor));

/** `@IdempotencyKey() key: string | null` */
export const IdempotencyKey = createParamDecorator((_: unknown, context: ExecutionContext): string | null =>
  idempotencyKeyOf(context.switchToHttp().getRequest<FastifyRequest>()),
);
