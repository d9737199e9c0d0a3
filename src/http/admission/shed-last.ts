import { RouteConfig } from '@nestjs/platform-fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    shedLast?: boolean;
  }
}

/** For a route that ends what was begun, such as paying an order: under overload new work is turned away before it. */
export const ShedLast = (): MethodDecorator => RouteConfig({ shedLast: true });
