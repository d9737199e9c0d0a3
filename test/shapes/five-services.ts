import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { domainsOf, SERVICE_NAMES, type ServiceName, ShopOfServices } from '../../infra/services/shop-of-services.js';
import { expectCleanBooks, type SettlingShop } from '../support/books.js';
import { clientOf } from '../support/client.js';
import { freshDatabase } from '../support/database.js';
import { SETTINGS } from '../support/shop.js';
import { nothingUndelivered, type ShapedShop } from './shaped-shop.js';

const POOL_CONNECTIONS_MAX = 6;

export interface FiveServicesOptions {
  readonly kafka: { readonly brokers: readonly string[]; readonly topicPrefix: string };
  /** Left out: the server of the test run. */
  readonly postgresUrl?: string;
  readonly instances?: number;
}

export interface ServicesShop extends ShapedShop {
  readonly services: ShopOfServices;
  readonly books: SettlingShop;
  databaseUrlOf(service: ServiceName): string;
}

/** The shop as `npm run services` starts it: a service for each domain on Kafka, each with a database of its own. */
export async function startFiveServices({ kafka, postgresUrl, instances = 1 }: FiveServicesOptions): Promise<ServicesShop> {
  const folder = await mkdtemp(join(tmpdir(), 'ordersaga-test-'));
  const databases = new Map(await Promise.all(SERVICE_NAMES.map(async (name) => [name, await databaseOf(name, postgresUrl)] as const)));
  const databaseUrlOf = (service: ServiceName): string => databases.get(service)?.url ?? '';
  const services = await ShopOfServices.start({
    folder,
    brokers: kafka.brokers.join(','),
    databaseUrlOf,
    instances,
    port: 0,
    environment: { ...SETTINGS, DATABASE_POOL_MAX: String(POOL_CONNECTIONS_MAX), KAFKA_TOPIC_PREFIX: kafka.topicPrefix },
  });
  const settle = (): Promise<void> =>
    nothingUndelivered(SERVICE_NAMES.flatMap((name) => services.of(name).slice(0, 1)).map(({ address }) => address));
  const domainUrls = Object.fromEntries(SERVICE_NAMES.flatMap((name) => domainsOf(name).map((domain) => [domain, databaseUrlOf(name)])));
  const books = { databaseUrl: databaseUrlOf('order'), domainUrls, dataDir: folder, settle };
  return {
    ...clientOf(services.address),
    services,
    books,
    databaseUrlOf,
    settle,
    expectCleanBooks: async () => void (await expectCleanBooks(books)),
    async stop() {
      await services.stop();
      await Promise.all([...databases.values()].map((database) => database.drop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Nothing of the other domains is in it. */
const databaseOf = (service: ServiceName, postgresUrl?: string): ReturnType<typeof freshDatabase> =>
  freshDatabase({ domains: domainsOf(service), platform: ['http', 'database'], ...(postgresUrl === undefined ? {} : { postgresUrl }) });
