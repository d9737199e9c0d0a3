import { Agent, request } from 'node:http';
import { ServiceInstance } from '../../infra/services/service-instance.js';
import { TokenService } from '../../src/http/auth/token-service.js';
import type { UserId } from '../../src/kernel/ids.js';
import { SETTINGS } from '../../test/support/shop.js';
import type { ShopSize } from './generate-shop.js';

const READY_MS_MAX = 60_000;
const CONNECTIONS_MAX = 256;

/** A shop in a process of its own on a generated database, and the way to its API. Its customers have no passwords: we sign their tokens. */
export class MeasuredShop {
  private readonly tokens = new TokenService(SETTINGS.JWT_SECRET);
  private readonly agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX });

  private constructor(
    readonly name: string,
    readonly databaseUrl: string,
    readonly size: ShopSize,
    private readonly process: ServiceInstance,
  ) {}

  static async open(name: string, databaseUrl: string, size: ShopSize, logFolder: string): Promise<MeasuredShop> {
    const environment = { ...SETTINGS, DATABASE_URL: databaseUrl, DATA_DIR: `${logFolder}/${name}` };
    const process = await ServiceInstance.start({ name, command: ['start'], environment, logFolder });
    await process.ready(READY_MS_MAX);
    return new MeasuredShop(name, databaseUrl, size, process);
  }

  async stop(): Promise<void> {
    this.agent.destroy();
    await this.process.stop();
  }

  async customer(): Promise<{ readonly userId: number; readonly token: string }> {
    const userId = 2 + between(this.size.users);
    return { userId, token: await this.tokenOf(userId, 'customer') };
  }

  option(): number {
    return 1 + between(this.size.options);
  }

  async tokenOf(userId: number, role: 'customer' | 'operator'): Promise<string> {
    return (await this.tokens.issue({ userId: userId as UserId, role })).accessToken;
  }

  /** @throws when the answer is no success. */
  async call<Answer>(method: string, path: string, token?: string, body?: object): Promise<Answer> {
    const payload = body === undefined ? '' : JSON.stringify(body);
    const headers = {
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const sent = request(this.process.address + path, { method, headers, agent: this.agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if ((response.statusCode ?? 500) >= 300) reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
        else resolve(JSON.parse(text) as Answer);
      });
    });
    sent.on('error', reject);
    sent.end(payload);
    return promise;
  }
}

/** A whole number from 0 to below `limit`. */
export const between = (limit: number): number => Math.floor(Math.random() * limit);
