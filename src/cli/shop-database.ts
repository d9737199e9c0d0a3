import { join } from 'node:path';
import { type Config, parseConfig } from '../config/config.js';
import { findRunningEmbedded } from '../database/embedded/running-server.js';

export interface ShopDatabase {
  readonly url: string;
  readonly domainUrls: Readonly<Record<string, string>>;
  /** Where the shop's files for the data platform are, if there are any and it is known. */
  readonly deliveredFolder?: string;
  /** Other processes on this database may have others. */
  readonly deliveredElsewhere?: boolean;
  /** For a reader; without user and password. */
  readonly name: string;
}

/** Tools sign nothing, so they must not ask for the secret that the shop signs with. */
const UNUSED_SECRET = 'not used: nothing is signed by the tools';
const BOOK_SETTINGS = /^(?:DATABASE_URL(?:_.+)?|DATA_DIR|DATA_PLATFORM_.+|KAFKA_.+)$/;

/**
 * The configuration as far as a tool needs it.
 *
 * @param env usually `process.env`; only settings whose names match are looked at.
 * @throws ConfigError
 */
export function toolConfig(env: NodeJS.ProcessEnv, names: RegExp): Config {
  const settings = Object.fromEntries(Object.entries(env).filter(([name]) => names.test(name)));
  return parseConfig({ ...settings, JWT_SECRET: UNUSED_SECRET });
}

/**
 * Where the shop of these settings keeps its books.
 *
 * @returns null when that is the embedded database and it does not run.
 * @throws ConfigError
 */
export async function findShopDatabase(env: NodeJS.ProcessEnv): Promise<ShopDatabase | null> {
  const { database, dataDir, dataPlatform, domainDatabaseUrls: domainUrls } = toolConfig(env, BOOK_SETTINGS);
  const files = dataPlatform === null ? { deliveredFolder: join(dataDir, 'data-platform') } : {};
  if (database.kind === 'url') {
    // The default folder may be that of another shop, on the embedded database.
    const ours = env['DATA_DIR'] ? { ...files, deliveredElsewhere: true } : {};
    return { url: database.url, domainUrls, ...ours, name: addressOf(database.url) };
  }
  const url = await findRunningEmbedded(dataDir);
  return url === null ? null : { url, domainUrls, ...files, name: `the embedded PostgreSQL in ${dataDir}` };
}

function addressOf(databaseUrl: string): string {
  const { host, pathname } = new URL(databaseUrl);
  return `the PostgreSQL at ${host}${pathname}`;
}
