import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import swaggerUi from 'swagger-ui-dist';

const PAGE = `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>Ordersaga API</title>
  <link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
  <div id="swagger-ui"></div>
  <script src="/docs/swagger-ui-bundle.js"></script>
  <script src="/docs/start.js"></script>
</body>
</html>
`;
const START = `SwaggerUIBundle({ url: '/docs/openapi.json', dom_id: '#swagger-ui', persistAuthorization: true, displayRequestDuration: true });\n`;
/** Its own scripts and styles, nobody else's. */
const POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/** The documentation of all services as one page, from this machine's files. */
export function serveDocsPage(gateway: FastifyInstance): void {
  void gateway.register(fastifyStatic, { root: swaggerUi.getAbsoluteFSPath(), prefix: '/docs/', index: false });
  gateway.get('/docs', (_request, reply) => reply.header('content-security-policy', POLICY).type('text/html; charset=utf-8').send(PAGE));
  gateway.get('/docs/start.js', (_request, reply) => reply.type('text/javascript; charset=utf-8').send(START));
}
