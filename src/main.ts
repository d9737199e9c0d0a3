import 'reflect-metadata';
import { ConfigError, parseConfig } from './config/config.js';
import { EmbeddedPostgresError } from './database/embedded/embedded-postgres-error.js';
import { CannotListen } from './http/http-server.js';
import { CatalogueMismatch } from './messaging/event-catalogue.js';
import { announce, say } from './cli/announce.js';
import { startShop } from './shop.js';

/** What a user can mend: its message says how, and a stack would only hide that. */
const EXPECTED = [ConfigError, EmbeddedPostgresError, CannotListen, CatalogueMismatch];

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
  if (EXPECTED.some((kind) => error instanceof kind)) return (error as Error).message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
