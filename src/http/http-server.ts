import { type DynamicModule, type INestApplication, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type DestinationStream } from 'pino';
import { type Queryable } from '../database/database.js';
import { Admission } from './admission/admission.js';
import { authenticateRequests } from './auth/authentication.js';
import { TokenService } from './auth/token-service.js';
import { Drain } from './drain.js';
import { HealthChecks } from './health/health-checks.js';
import { HttpModule } from './http.module.js';
import { acceptJsonOnly } from './json-body.js';
import { createLogger, NestLogger } from './logging.js';
import { Metrics } from './metrics.js';
import { serveApiDocs } from './openapi.js';
import { limitRequests } from './rate-limit/limit-requests.js';
import { requestIdOf, tellRequestId } from './request-id.js';
import { RouteTable } from './route-table.js';
import { sendSecurityHeaders } from './security-headers.js';
import { answerParserError, answerRouterError, requireHost } from './wire-errors.js';

const BODY_BYTES_MAX = 1_048_576;
const PARAM_CHARACTERS_MAX = 500;
const HEADERS_ARRIVE_MS_MAX = 15_000;
const REQUEST_ARRIVES_MS_MAX = 30_000;
/** Longer than the 60 s after which the usual load balancers drop an idle connection, so that never we are the first. */
const KEEP_ALIVE_MS = 65_000;
/** A crowd connects faster than a busy process accepts; beyond it the kernel resets connections, and nobody is told 503. */
const CONNECTIONS_WAITING_MAX = 4_096;
const DRAIN_MS_MAX = 10_000;

export interface HttpSettings {
  readonly host: string;
  readonly port: number;
  readonly jwtSecret: string;
  /** Per user or network address; 0 is no limit. */
  readonly rateLimitPerMinute: number;
  readonly logLevel: string;
}

export interface HttpServerOptions {
  /** The application's module; its controllers find the {@link HttpModule} around them. */
  readonly module: Type | DynamicModule;
  readonly settings: HttpSettings;
  /** Holds the schema `shop_http`. */
  readonly database: Queryable;
  /** Of the shop, for the documentation. */
  readonly version?: string;
  /** Where logs go instead of standard output. */
  readonly logDestination?: DestinationStream;
}

/** In one line, naming HOST or PORT and the remedy. */
export class CannotListen extends Error {
  override readonly name = 'CannotListen';
}

export interface HttpServer {
  readonly app: INestApplication;
  /** Answers the address, such as `http://127.0.0.1:3000`. @throws CannotListen */
  listen(): Promise<string>;
  /** Drains: no new requests, running ones finish within 10 s, then the modules are destroyed. */
  close(): Promise<void>;
}

export async function createHttpApplication(options: HttpServerOptions): Promise<HttpServer> {
  const { module, settings, database } = options;

  @Module({ imports: [HttpModule.forRoot({ jwtSecret: settings.jwtSecret, database }), module] })
  class ServerModule {}

  const adapter = new FastifyAdapter({
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_ARRIVES_MS_MAX,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: { headersTimeout: HEADERS_ARRIVE_MS_MAX, requireHostHeader: false },
    trustProxy: false,
    genReqId: requestIdOf,
    requestIdHeader: false,
    routerOptions: { caseSensitive: true, ignoreTrailingSlash: true, ignoreDuplicateSlashes: false, maxParamLength: PARAM_CHARACTERS_MAX },
    clientErrorHandler: answerParserError,
    frameworkErrors: answerRouterError,
    // The platform has hooks of its own and no Nest middleware, which would cost every request.
    skipMiddie: true,
  });
  const logger = new NestLogger(createLogger(settings.logLevel, options.logDestination));
  const app = await NestFactory.create<NestFastifyApplication>(ServerModule, adapter, { logger, bodyParser: false, abortOnError: false });
  const drain = app.get(Drain);
  prepare(app, settings, drain);
  app.get(HealthChecks).add('http database', () => database.query({ name: 'http.ping', text: 'SELECT 1' }));
  serveApiDocs(app, options.version ?? '0.0.0');

  return {
    app,
    listen: async () => {
      try {
        await app.listen({ port: settings.port, host: settings.host, backlog: CONNECTIONS_WAITING_MAX });
      } catch (error) {
        throw explainListenError(error, settings);
      }
      return app.getUrl();
    },
    close: () => drainAndClose(app, drain),
  };
}

/** The order of the hooks: first what every answer carries, then whether there is a place, then who asks, then whether they ask too much. */
function prepare(app: NestFastifyApplication, settings: HttpSettings, drain: Drain): void {
  const server = app.getHttpAdapter().getInstance();
  app.get(RouteTable).watch(server);
  acceptJsonOnly(server);
  sendSecurityHeaders(server);
  tellRequestId(server);
  requireHost(server);
  app.get(Metrics).watch(server);
  app.get(Admission).watch(server);
  drain.watch(server);
  authenticateRequests(server, app.get(TokenService));
  limitRequests(server, settings.rateLimitPerMinute);
}

async function drainAndClose(app: NestFastifyApplication, drain: Drain): Promise<void> {
  const { server } = app.getHttpAdapter().getInstance();
  drain.begin();
  if (server.listening) server.close();
  server.closeIdleConnections();
  await drain.finished(DRAIN_MS_MAX);
  server.closeAllConnections();
  // Only now: the modules close what the running requests were using.
  await app.close();
}

function explainListenError(error: unknown, { host, port }: HttpSettings): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const explain = (line: string): CannotListen => new CannotListen(line, { cause: error });
  switch (code) {
    case 'EADDRINUSE':
      return explain(`PORT ${port} on ${host} is taken: stop what listens there, or set PORT to another`);
    case 'EACCES':
      return explain(`PORT ${port} needs rights that this user lacks: set PORT to 1024 or more`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return explain(`HOST ${host} is no address of this machine: set HOST to one, such as 127.0.0.1`);
    default:
      return error;
  }
}
