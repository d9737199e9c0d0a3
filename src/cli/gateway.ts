import 'reflect-metadata';
import { ConfigError } from '../config/config.js';
import { say } from './announce.js';
import { createGateway } from './gateway/gateway.js';
import { GatewayError, parseOptions, USAGE } from './gateway/options.js';

const STOPPED = 0;
const NOT_STARTED = 2;

try {
  const options = parseOptions(process.argv.slice(2), process.env);
  if (options === 'help') {
    console.log(USAGE);
    process.exit(STOPPED);
  }
  const gateway = createGateway(options.services);
  const address = await gateway.listen({ host: options.host, port: options.port });
  say(`The gateway is open at ${address}, before ${[...options.services.keys()].join(', ')}.`);
  const leave = (): void => void gateway.close().then(() => process.exit(STOPPED));
  process.once('SIGTERM', leave).once('SIGINT', leave);
} catch (error) {
  const expected = error instanceof GatewayError || error instanceof ConfigError || (error as { code?: string }).code === 'EADDRINUSE';
  if (!expected) throw error;
  say((error as Error).message);
  process.exit(NOT_STARTED);
}
