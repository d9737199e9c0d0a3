import { DOMAINS, PARTS } from './app.module.js';
import { type Config, ConfigError } from './config/config.js';
import { eventCatalogue } from './event-catalogue.js';

/**
 * Refuses settings that name domains or listeners which do not exist, or a part of the shop that could not reach the rest.
 *
 * @throws ConfigError
 */
export function refuseImpossibleParts({
  domainDatabaseUrls,
  kafka,
  serving,
}: Pick<Config, 'domainDatabaseUrls' | 'kafka' | 'serving'>): void {
  const unknown = Object.keys(domainDatabaseUrls).find((domain) => !DOMAINS.includes(domain));
  if (unknown) {
    refuse(`DATABASE_URL_${unknown.toUpperCase()} names no domain: the domains are ${DOMAINS.join(', ')}. Correct it, or unset it.`);
  }
  const listeners = new Set(eventCatalogue.entries.flatMap(({ subscribers }) => subscribers));
  const strange = serving.names.find((name) => !(name in PARTS) && !listeners.has(name));
  if (strange !== undefined) {
    const known = strange.includes('.') ? [...listeners] : Object.keys(PARTS);
    refuse(`DOMAINS names ${strange}, which does not exist. There are ${known.join(', ')}. Correct it, or unset it to serve everything.`);
  }
  if (kafka === null) refuseUnreachableParts(serving);
}

/** Within one process request events are method calls: whoever is asked must be here. */
function refuseUnreachableParts(serving: Config['serving']): void {
  const away = DOMAINS.filter((domain) => !serving.isWhole(domain));
  if (away.length > 0 && away.length < DOMAINS.length) {
    refuse(`DOMAINS leaves out ${away.join(', ')}, which can only be reached over Kafka. Set KAFKA_BROKERS, or unset DOMAINS.`);
  }
  const asked = eventCatalogue.entries.filter(({ event }) => event.kind === 'request').flatMap(({ subscribers }) => subscribers);
  const alone = asked.find((listener) => serving.names.includes(listener));
  if (alone) refuse(`DOMAINS names ${alone}, which answers requests and is not a side effect. Name its domain, or unset DOMAINS.`);
}

function refuse(line: string): never {
  throw new ConfigError(line);
}
