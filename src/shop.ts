import { readFileSync } from 'node:fs';
import { AppModule, DOMAINS } from './app.module.js';
import { type Config, ConfigError } from './config/config.js';
import { generatedSecret } from './config/secrets.js';
import { Databases } from './database/databases.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './database/embedded/embedded-postgres.js';
import { lastingSetting } from './database/lasting-setting.js';
import { migrate } from './database/migrate.js';
import { type HttpServer, createHttpApplication } from './http/http-server.js';
import { refuseImpossibleParts } from './served-parts.js';

/** Parts of the platform with tables of their own, in the main database. */
const PLATFORM = ['http', 'database'];
const DEMO_OPERATOR_EMAIL = 'operator@ordersaga.example';
const DEMO_PASSWORD_CHARACTERS = 16;

export interface Shop {
  /** Where the API listens, such as `http://127.0.0.1:3000`. */
  readonly address: string;
  readonly operator: Config['operator'];
  readonly server: HttpServer;
  /** Settles with the reason when the embedded database is gone for good; never with a database of your own. */
  readonly lost: Promise<Error>;
  /** Drains: running requests and payments finish, deliveries stop after the batch in hand, the embedded database goes last. */
  stop(): Promise<void>;
}

/** Starts the database if it is ours, brings its schemas up to date, and opens the shop. */
export async function startShop(given: Config, log: (message: string) => void): Promise<Shop> {
  refuseImpossibleParts(given);
  const embedded = given.database.kind === 'embedded' ? await startEmbeddedPostgres({ dataDir: given.dataDir, log }) : null;
  try {
    return await openShop(withDefaults(given), embedded?.url ?? addressOf(given), embedded, log);
  } catch (error) {
    await embedded?.stop();
    throw error;
  }
}

async function openShop(config: Config, url: string, embedded: EmbeddedPostgres | null, log: (message: string) => void): Promise<Shop> {
  await migrateAll(url, config, log);
  const databases = new Databases({ url, domainUrls: config.domainDatabaseUrls, poolConnectionsMax: config.poolConnectionsMax });
  await refuseOtherCurrency(config, databases);
  const settings = { ...config, jwtSecret: config.jwtSecret ?? generatedSecret(config.dataDir, 'jwt-secret') };
  const server = await createHttpApplication({
    module: AppModule.with(config, databases),
    settings,
    database: databases.of('http'),
    version: version(),
  });
  try {
    const address = await server.listen();
    const stop = async (): Promise<void> => {
      await server.close();
      await embedded?.stop();
    };
    return { address, operator: config.operator, server, lost: embedded?.lost ?? new Promise(() => {}), stop };
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** The domains of which this process serves a part. Those with a database of their own get their schema there. */
async function migrateAll(url: string, { domainDatabaseUrls, serving }: Config, log: (message: string) => void): Promise<void> {
  const served = DOMAINS.filter((domain) => serving.hasPartOf(domain));
  const byUrl = Map.groupBy(served, (domain) => domainDatabaseUrls[domain] ?? url);
  byUrl.set(url, byUrl.get(url) ?? []);
  const migrating = [...byUrl].map(([at, domains]) => migrate({ url: at, domains, platform: at === url ? PLATFORM : [], log }));
  await Promise.all(migrating);
}

/** To try the shop out somebody must be able to log in: with the embedded database, a demo operator of this data folder's own. */
function withDefaults(config: Config): Config {
  if (config.operator || config.database.kind === 'url') return config;
  const password = generatedSecret(config.dataDir, 'demo-operator-password').slice(0, DEMO_PASSWORD_CHARACTERS);
  return { ...config, operator: { email: DEMO_OPERATOR_EMAIL, password } };
}

/** The amounts in the database are bare numbers of minor units: under another currency they would mean other money. */
async function refuseOtherCurrency({ currency }: Config, databases: Databases): Promise<void> {
  const lasting = await lastingSetting(databases.of('database'), 'currency', currency.code);
  if (lasting === currency.code) return;
  await databases.close();
  throw new ConfigError(
    `CURRENCY is ${currency.code}, but this shop keeps its money in ${lasting}. Set CURRENCY=${lasting}, or use another DATA_DIR or DATABASE_URL.`,
  );
}

function addressOf({ database }: Config): string {
  if (database.kind === 'embedded') throw new Error('the embedded database has not been started');
  return database.url;
}

function version(): string {
  const { version: current } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  return current;
}
