import { mkdir } from 'node:fs/promises';
import { ServiceInstance } from './service-instance.js';

const READY_MS_MAX = 60_000;

/** Each service, and what it serves (`DOMAINS`). What concerns all domains shares a process. */
export const SERVICES = {
  order: ['order'],
  product: ['product'],
  coupon: ['coupon'],
  user: ['user'],
  cart: ['cart'],
  office: ['notification', 'console'],
} as const;

/** Who keeps books: the console has none. */
export const domainsOf = (service: ServiceName): readonly string[] => SERVICES[service].filter((part) => part !== 'console');

export type ServiceName = keyof typeof SERVICES;
export const SERVICE_NAMES = Object.keys(SERVICES) as ServiceName[];

export interface ShopOfServicesOptions {
  /** For logs and for what a shop keeps in its DATA_DIR. */
  readonly folder: string;
  /** `KAFKA_BROKERS`. */
  readonly brokers: string;
  readonly databaseUrlOf: (service: ServiceName) => string;
  readonly instances: number;
  /** For the gateway; 0: any. */
  readonly port: number;
  /** Settings of every service: secrets, operator, currency. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The shop as one service per domain, several processes each, and one address before them. */
export class ShopOfServices {
  readonly gateway: ServiceInstance;
  readonly instances: ReadonlyMap<ServiceName, readonly ServiceInstance[]>;

  private constructor(gateway: ServiceInstance, instances: ReadonlyMap<ServiceName, readonly ServiceInstance[]>) {
    this.gateway = gateway;
    this.instances = instances;
  }

  /** All at once: the order of starts does not matter. @throws when one of them is not ready in time. */
  static async start(options: ShopOfServicesOptions): Promise<ShopOfServices> {
    await mkdir(options.folder, { recursive: true });
    const started = await Promise.all(SERVICE_NAMES.map(async (name) => [name, await startService(name, options)] as const));
    const gateway = await startGateway(started, options);
    const shop = new ShopOfServices(gateway, new Map(started));
    await Promise.all(shop.all().map((instance) => instance.ready(READY_MS_MAX)));
    return shop;
  }

  get address(): string {
    return this.gateway.address;
  }

  of(service: ServiceName): readonly ServiceInstance[] {
    return this.instances.get(service) ?? [];
  }

  all(): readonly ServiceInstance[] {
    return [this.gateway, ...[...this.instances.values()].flat()];
  }

  /** First nobody comes in any more, then every service finishes what it has. */
  async stop(): Promise<void> {
    await this.gateway.stop();
    await Promise.all([...this.instances.values()].flat().map((instance) => instance.stop()));
  }
}

function startService(name: ServiceName, options: ShopOfServicesOptions): Promise<readonly ServiceInstance[]> {
  const domainUrls = SERVICES[name].some((part) => part === 'console') ? urlsOfAllDomains(options) : {};
  const environment = {
    ...options.environment,
    ...domainUrls,
    DOMAINS: SERVICES[name].join(','),
    DATABASE_URL: options.databaseUrlOf(name),
    KAFKA_BROKERS: options.brokers,
    DATA_DIR: options.folder,
  };
  const start = (_: unknown, index: number): Promise<ServiceInstance> =>
    ServiceInstance.start({ name: `${name}-${index + 1}`, command: ['start'], environment, logFolder: options.folder });
  return Promise.all(Array.from({ length: options.instances }, start));
}

/** The console looks into the books of all. */
function urlsOfAllDomains({ databaseUrlOf }: ShopOfServicesOptions): Record<string, string> {
  const settings = SERVICE_NAMES.flatMap((service) =>
    domainsOf(service).map((domain) => [`DATABASE_URL_${domain.toUpperCase()}`, databaseUrlOf(service)] as const),
  );
  return Object.fromEntries(settings);
}

function startGateway(
  services: readonly (readonly [ServiceName, readonly ServiceInstance[]])[],
  { folder, port }: ShopOfServicesOptions,
): Promise<ServiceInstance> {
  const options = services.flatMap(([service, instances]) =>
    instances.flatMap(({ address }) => SERVICES[service].flatMap((part) => ['--service', `${part}=${address}`])),
  );
  return ServiceInstance.start({
    name: 'gateway',
    command: ['gateway', ...options],
    environment: {},
    logFolder: folder,
    port: port === 0 ? undefined : port,
  });
}
