import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServiceInstance } from '../../infra/services/service-instance.js';
import { PARTS } from '../../src/app.module.js';
import { expectCleanBooks } from '../support/books.js';
import { clientOf } from '../support/client.js';
import { type FreshDatabaseOptions, freshDatabase } from '../support/database.js';
import { SETTINGS } from '../support/shop.js';
import { nothingUndelivered, type ShapedShop } from './shaped-shop.js';

const PROCESSES = 3;
const READY_MS_MAX = 60_000;

/** The whole shop three times over on one database, and a gateway that asks them in turn. */
export async function startThreeProcesses(
  environment: Readonly<Record<string, string>> = {},
  options: FreshDatabaseOptions = {},
): Promise<ShapedShop> {
  const database = await freshDatabase(options);
  const logFolder = await mkdtemp(join(tmpdir(), 'ordersaga-test-'));
  const settings = { ...SETTINGS, DATABASE_URL: database.url, DATA_DIR: logFolder, ...environment };
  const start = (_: unknown, index: number): Promise<ServiceInstance> =>
    ServiceInstance.start({ name: `shop-${index + 1}`, command: ['start'], environment: settings, logFolder });
  const shops = await Promise.all(Array.from({ length: PROCESSES }, start));
  const services = shops.flatMap(({ address }) => Object.keys(PARTS).flatMap((part) => ['--service', `${part}=${address}`]));
  const gateway = await ServiceInstance.start({ name: 'gateway', command: ['gateway', ...services], environment: {}, logFolder });
  const all = [gateway, ...shops];
  await Promise.all(all.map((instance) => instance.ready(READY_MS_MAX)));

  const settle = (): Promise<void> => nothingUndelivered(shops.map(({ address }) => address));
  return {
    ...clientOf(gateway.address),
    settle,
    expectCleanBooks: async () => void (await expectCleanBooks({ databaseUrl: database.url, settle })),
    async stop() {
      await Promise.all(all.map((instance) => instance.stop()));
      await database.drop();
      await rm(logFolder, { recursive: true, force: true });
    },
  };
}
