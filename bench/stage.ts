import pg from 'pg';
import { buildShop } from '../infra/build-shop.js';
import { ServiceInstance } from '../infra/services/service-instance.js';
import { temporaryFolder } from '../infra/temporary-folder.js';
import { withDatabase } from '../src/database/database-url.js';
import { startEmbeddedPostgres } from '../src/database/embedded/embedded-postgres.js';
import { prepareCounting } from './gauges/write-ahead-log.js';
import { LoadGenerator } from './load/load-generator.js';
import { settleTown, type Town, type TownSize } from './town/town.js';
import { SHOP_SETTINGS } from './town/settings.js';
import { Pgbench, pgbenchVersion } from './yardsticks/pgbench.js';

const READY_MS_MAX = 60_000;
const SHOP_DATABASE = 'shop';
/**
 * As `npm start` has it, but for two settings: pgbench with 128 clients needs its connections, and statements can be counted
 * only where this is loaded (they are when asked to, apart from the measurements).
 */
const POSTGRES_SETTINGS = { max_connections: '300', shared_preload_libraries: 'pg_stat_statements' };

/** Everything that is measured or measures, started: one PostgreSQL for shop and yardsticks, all on this machine. */
export interface Stage {
  readonly shop: ServiceInstance;
  readonly shopDatabase: string;
  readonly databaseUrl: string;
  /** Where the shop writes the files of the data platform. */
  readonly dataDir: string;
  readonly town: Town;
  readonly generator: LoadGenerator;
  /** Null where pgbench is not on the PATH. */
  readonly pgbench: Pgbench | null;
  readonly pgbenchVersion: string | null;
  /** Connected to neither database. */
  readonly admin: pg.Client;
  readonly postmasterPid: number;
  stop(): Promise<void>;
}

/** Whatever becomes of this process, what it starts here ends with it, and the folder goes. */
export async function setStage(size: TownSize, say: (text: string) => void): Promise<Stage> {
  say('building the shop');
  buildShop('ignore');
  say('starting PostgreSQL');
  const dataDir = temporaryFolder();
  const postgres = await startEmbeddedPostgres({ dataDir, settings: POSTGRES_SETTINGS });
  const admin = new pg.Client({ connectionString: postgres.url });
  admin.on('error', () => {});
  await admin.connect();
  await prepareCounting(admin);
  await admin.query(`CREATE DATABASE ${SHOP_DATABASE}`);
  const databaseUrl = withDatabase(postgres.url, SHOP_DATABASE);
  say('starting the shop');
  const environment = { ...SHOP_SETTINGS, DATABASE_URL: databaseUrl, DATA_DIR: dataDir };
  const shop = await ServiceInstance.start({ name: 'shop', command: ['start'], environment, logFolder: dataDir });
  const generator = await LoadGenerator.start();
  await shop.ready(READY_MS_MAX);
  say('settling customers and products');
  const town = await settleTown(shop.address, databaseUrl, generator, size);
  const version = await pgbenchVersion();
  const pgbench = version === null ? null : await Pgbench.open(postgres.url);
  return {
    shop,
    shopDatabase: SHOP_DATABASE,
    databaseUrl,
    dataDir,
    town,
    generator,
    pgbench,
    pgbenchVersion: version,
    admin,
    postmasterPid: await postmasterOf(admin),
    async stop() {
      await generator.stop();
      await shop.stop();
      await Promise.all([admin.end(), town.database.end(), pgbench?.close()]);
      await postgres.stop();
    },
  };
}

async function postmasterOf(admin: pg.Client): Promise<number> {
  const { rows } = await admin.query<{ file: string }>(`SELECT pg_read_file('postmaster.pid') AS file`);
  return Number(rows[0]?.file.split('\n')[0]);
}
