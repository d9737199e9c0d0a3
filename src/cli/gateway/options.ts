import { parseArgs } from 'node:util';
import { PARTS } from '../../app.module.js';
import { parseConfig } from '../../config/config.js';

/** What the caller can mend, in one line. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
}

export const USAGE = `One address for a shop whose domains run as services of their own. Each request goes to the service that answers it.

Usage: ordersaga gateway --service NAME=ADDRESS [--service NAME=ADDRESS …]

  --service NAME=ADDRESS      where a part of the shop is served: ${Object.keys(PARTS).join(', ')}. Several
                              instances of one part, one option each, are asked in turn
  --help                      this text

PORT and HOST of the environment say where it listens (127.0.0.1:3000). /health/ready tells which services are missing,
/docs has the routes of all.

Example: PORT=8080 ordersaga gateway --service order=http://127.0.0.1:3001 --service user=http://127.0.0.1:3002`;

export interface GatewayOptions {
  readonly host: string;
  readonly port: number;
  readonly services: ReadonlyMap<string, readonly string[]>;
}

/** @throws GatewayError for a wrong option, ConfigError for a wrong variable. */
export function parseOptions(args: readonly string[], env: NodeJS.ProcessEnv): GatewayOptions | 'help' {
  const { service = [], help } = parse(args);
  if (help) return 'help';
  if (service.length === 0) throw new GatewayError('Which services? For example: --service order=http://127.0.0.1:3001. See --help.');
  const named = Map.groupBy(service.map(serviceOf), ({ name }) => name);
  const { host, port } = parseConfig({ HOST: env.HOST, PORT: env.PORT });
  return { host, port, services: new Map([...named].map(([name, same]) => [name, same.map(({ address }) => address)])) };
}

function serviceOf(text: string): { name: string; address: string } {
  const [, name = '', address = ''] = /^([a-z]+)=(.+)$/.exec(text) ?? [];
  const url = URL.parse(address);
  if (!(name in PARTS) || !url || !/^https?:$/.test(url.protocol)) {
    throw new GatewayError(
      `--service must be NAME=ADDRESS, such as order=http://127.0.0.1:3001, with a name of ${Object.keys(PARTS).join(', ')}; not ${JSON.stringify(text)}.`,
    );
  }
  return { name, address: url.origin };
}

function parse(args: readonly string[]) {
  try {
    const options = { service: { type: 'string', multiple: true }, help: { type: 'boolean', short: 'h' } } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    if (error instanceof TypeError && 'code' in error) {
      throw new GatewayError(`${error.message.replace(/\. To specify.*/s, '')}. See --help.`);
    }
    throw error;
  }
}
