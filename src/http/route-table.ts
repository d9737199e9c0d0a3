import { Injectable } from '@nestjs/common';
import { type FastifyInstance, type FastifyRequest } from 'fastify';
import { ProblemError } from './problem.js';

interface Served {
  readonly pattern: RegExp;
  readonly methods: Set<string>;
}

/** Which paths exist with which methods, so that a wrong method is told apart from a wrong address. */
@Injectable()
export class RouteTable {
  private readonly byUrl = new Map<string, Served>();

  /** To be called before the first route is registered. */
  watch(server: FastifyInstance): void {
    server.addHook('onRoute', (route) => {
      // A path of the static files of the docs would match everything below it.
      if (route.url.includes('*')) return;
      const served = this.byUrl.get(route.url) ?? { pattern: patternOf(route.url), methods: new Set<string>() };
      for (const method of [route.method].flat()) served.methods.add(method);
      this.byUrl.set(route.url, served);
    });
  }

  /** The problem when the path exists with other methods only. */
  wrongMethod(request: FastifyRequest): ProblemError | undefined {
    const path = request.url.split('?', 1)[0] ?? '';
    const methods = new Set<string>();
    for (const served of this.byUrl.values()) {
      if (served.pattern.test(path)) for (const method of served.methods) methods.add(method);
    }
    if (methods.size === 0 || methods.has(request.method)) return undefined;
    const allow = [...methods].toSorted().join(', ');
    return new ProblemError({ code: 'METHOD_NOT_ALLOWED', message: `use ${allow} here` }, { headers: { allow } });
  }
}

function patternOf(url: string): RegExp {
  const segments = url.split('/').map((segment) => (segment.startsWith(':') ? '[^/]+' : escaped(segment)));
  return new RegExp(`^${segments.join('/')}$`);
}

const escaped = (text: string): string => text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
