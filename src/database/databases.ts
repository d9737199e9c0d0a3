import { Database, DomainDatabase, sql } from './database.js';
import { Listening, type ListeningOptions } from './listening.js';

const PING = sql('database.ping', 'SELECT 1');

export interface DatabasesOptions {
  readonly url: string;
  /** `DATABASE_URL_<DOMAIN>`: domains that live in a database of their own. */
  readonly domainUrls?: Readonly<Record<string, string>>;
  readonly poolConnectionsMax?: number;
}

/** Every domain's database. Domains of one address share a pool; each still sees its own schema only. */
export class Databases {
  private readonly byUrl = new Map<string, Database>();
  private readonly byDomain = new Map<string, DomainDatabase>();

  constructor(private readonly options: DatabasesOptions) {}

  of(domain: string): DomainDatabase {
    const known = this.byDomain.get(domain);
    if (known) return known;
    const opened = new DomainDatabase(this.at(this.urlOf(domain)), domain);
    this.byDomain.set(domain, opened);
    return opened;
  }

  /** One connection beside the pool, for who must not take one from a payment or holds session locks. Whoever asks closes it. */
  apart(domain: string, lockWaitMsMax: number): Database {
    return new Database({ url: this.urlOf(domain), poolConnectionsMax: 1, lockWaitMsMax });
  }

  /** Listens to a channel of the domain's database, on a connection of its own. */
  listen(domain: string, options: Omit<ListeningOptions, 'url'>): Listening {
    return new Listening({ ...options, url: this.urlOf(domain) });
  }

  /** The domains, those of one database together. */
  together(domains: readonly string[]): readonly (readonly [string, ...string[]])[] {
    return [...Map.groupBy(domains, (domain) => this.urlOf(domain)).values()] as [string, ...string[]][];
  }

  /** Where they are, for whoever reads them over connections of its own. */
  get addresses(): Pick<DatabasesOptions, 'url' | 'domainUrls'> {
    return this.options;
  }

  /** @throws when one of them does not answer. */
  async ping(): Promise<void> {
    // One statement cannot ask several servers: it is one by one, at once.
    await Promise.all([...this.byUrl.values()].map((database) => database.query(PING)));
  }

  /** D1, for what waits for another process: it may need the rows that a transaction here has locked. @throws when one is open. */
  refuseInTransaction(): void {
    for (const database of this.byUrl.values()) database.refuseSecondConnection();
  }

  async close(): Promise<void> {
    await Promise.all([...this.byUrl.values()].map((database) => database.close()));
  }

  private urlOf(domain: string): string {
    return this.options.domainUrls?.[domain] ?? this.options.url;
  }

  private at(url: string): Database {
    const known = this.byUrl.get(url);
    if (known) return known;
    const { poolConnectionsMax } = this.options;
    const opened = new Database(poolConnectionsMax === undefined ? { url } : { url, poolConnectionsMax });
    this.byUrl.set(url, opened);
    return opened;
  }
}
