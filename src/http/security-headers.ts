import { type FastifyInstance } from 'fastify';

/** For JSON: nothing in it may run, be framed, be guessed at or be kept. A handler may allow caching by its own header. */
export const API_HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/** For pages (documentation, console): their own scripts and styles, nobody else's. */
const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'content-security-policy':
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

const isApi = (url: string): boolean => url.startsWith('/api/') || url.startsWith('/health/');

export function sendSecurityHeaders(server: FastifyInstance): void {
  server.addHook('onRequest', (request, reply, done) => {
    void reply.headers(isApi(request.url) ? API_HEADERS : PAGE_HEADERS);
    done();
  });
}
