import 'reflect-metadata';
import { ConfigError, parseConfig } from './config/config.js';
import { EmbeddedPostgresError } from './database/embedded/embedded-postgres-error.js';
import { announce, say } from './cli/announce.js';
import { startShop } from './shop.js';

try {
  const config = parseConfig(process.env);
  const shop = await startShop(config, say);
  announce(shop, config, performance.now());
  const leave = (): void => void shop.stop().then(() => process.exit(0));
  process.once('SIGTERM', leave).once('SIGINT', leave);
  throw await shop.lost;
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exit(1);
}

function explain(error: unknown): string {
  if (error instanceof ConfigError || error instanceof EmbeddedPostgresError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
