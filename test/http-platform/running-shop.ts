import { Writable } from 'node:stream';
import { Database } from '../../src/database/database.js';
import { type Role } from '../../src/http/auth/caller.js';
import { TokenService } from '../../src/http/auth/token-service.js';
import { createHttpApplication, type HttpServer, type HttpSettings } from '../../src/http/http-server.js';
import { type UserId } from '../../src/kernel/ids.js';
import { freshDatabase } from '../support/database.js';
import { Doings, ThingsModule } from './things.controller.js';

export const JWT_SECRET = 'a secret of the tests, long enough for HS256';

export interface RunningShop {
  readonly url: string;
  readonly port: number;
  readonly server: HttpServer;
  readonly database: Database;
  readonly doings: Doings;
  /** The lines logged so far. */
  readonly logs: string[];
  token(userId?: number, role?: Role): Promise<string>;
  /** A request with the token of user 1, unless `token` says otherwise (null: none). */
  send(path: string, options?: RequestOptions): Promise<Answer>;
  stop(): Promise<void>;
}

interface RequestOptions {
  readonly method?: string;
  readonly json?: unknown;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Record<string, string>;
  readonly token?: string | null;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of every shape
  readonly json: any;
}

export async function runShop(settings: Partial<HttpSettings> = {}): Promise<RunningShop> {
  const fresh = await freshDatabase({ domains: ['http'] });
  const database = new Database({ url: fresh.url, poolConnectionsMax: 8 });
  const logs: string[] = [];
  const logDestination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logs.push(chunk.toString());
      done();
    },
  });
  const server = await createHttpApplication({
    module: ThingsModule,
    settings: { host: '127.0.0.1', port: 0, jwtSecret: JWT_SECRET, rateLimitPerMinute: 0, logLevel: 'info', ...settings },
    database,
    logDestination,
    version: '1.2.3',
  });
  const url = await server.listen();
  const tokens = server.app.get(TokenService);
  const token = async (userId = 1, role: Role = 'customer') => (await tokens.issue({ userId: userId as UserId, role })).accessToken;
  const own = await token();
  return {
    url,
    port: Number(new URL(url).port),
    server,
    database,
    doings: server.app.get(Doings, { strict: false }),
    logs,
    token,
    send: (path, options = {}) => send(url + path, { ...options, token: options.token === undefined ? own : options.token }),
    stop: async () => {
      await server.close();
      await database.close();
      await fresh.drop();
    },
  };
}

async function send(
  url: string,
  { method, json, body = json === undefined ? undefined : JSON.stringify(json), headers = {}, token }: RequestOptions,
): Promise<Answer> {
  const response = await fetch(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(typeof token === 'string' && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
}
