import { Database, DomainDatabase, sql } from './database.js';

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
    const opened = new DomainDatabase(this.at(this.options.domainUrls?.[domain] ?? this.options.url), domain);
    this.byDomain.set(domain, opened);
    return opened;
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

  async close(): Promise<void> {
    await Promise.all([...this.byUrl.values()].map((database) => database.close()));
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
