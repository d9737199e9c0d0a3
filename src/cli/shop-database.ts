import { join } from 'node:path';
import { parseConfig } from '../config/config.js';
import { findRunningEmbedded } from '../database/embedded/running-server.js';

export interface ShopDatabase {
  readonly url: string;
  readonly domainUrls: Readonly<Record<string, string>>;
  /** Where the shop's files for the data platform are, if it is known. */
  readonly deliveredFolder?: string;
  /** For a reader; without user and password. */
  readonly name: string;
}

/** Tools sign nothing, so they must not ask for the secret that the shop signs with. */
const UNUSED_SECRET = 'not used: nothing is signed by the tools';
const SETTINGS = /^(?:DATABASE_URL(?:_.+)?|DATA_DIR)$/;

/**
 * Where the shop of these settings keeps its books.
 *
 * @param env usually `process.env`; only the settings that name the database are looked at.
 * @returns null when that is the embedded database and it does not run.
 * @throws ConfigError
 */
export async function findShopDatabase(env: NodeJS.ProcessEnv): Promise<ShopDatabase | null> {
  const settings = Object.fromEntries(Object.entries(env).filter(([name]) => SETTINGS.test(name)));
  const { database, dataDir, domainDatabaseUrls: domainUrls } = parseConfig({ ...settings, JWT_SECRET: UNUSED_SECRET });
  const deliveredFolder = join(dataDir, 'data-platform');
  if (database.kind === 'url') {
    // The default folder may be that of another shop, on the embedded database.
    const ours = settings['DATA_DIR'] === undefined ? {} : { deliveredFolder };
    return { url: database.url, domainUrls, ...ours, name: addressOf(database.url) };
  }
  const url = await findRunningEmbedded(dataDir);
  return url === null ? null : { url, domainUrls, deliveredFolder, name: `the embedded PostgreSQL in ${dataDir}` };
}

function addressOf(databaseUrl: string): string {
  const { host, pathname } = new URL(databaseUrl);
  return `the PostgreSQL at ${host}${pathname}`;
}
