import type { Config } from '../config/config.js';
import type { Shop } from '../shop.js';

/** A line for whoever started the program, on standard error: standard output carries the log. */
export const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Tells a newcomer where everything is. */
export function announce({ address, operator }: Shop, config: Config, startedInMs: number): void {
  say(`
Ordersaga is open (ready in ${(startedInMs / 1000).toFixed(1)} s)

  API       ${address}/api
  Docs      ${address}/docs
  Health    ${address}/health/ready
  Database  ${config.database.kind === 'embedded' ? `embedded PostgreSQL in ${config.dataDir}` : 'yours (DATABASE_URL)'}
${demoLogin(operator, config)}
Ctrl-C ends it: running payments finish first.
`);
}

function demoLogin(operator: Shop['operator'], config: Config): string {
  if (!operator || config.operator) return '';
  return `
  Demo operator, for this data folder only:
    e-mail    ${operator.email}
    password  ${operator.password}
`;
}
