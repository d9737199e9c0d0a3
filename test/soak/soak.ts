import { type Round, lineOf, tableOf } from './soak-report.js';
import { SoakedShop, type Victim } from './soaked-shop.js';
import { EXIT, runCommand } from '../support/command.js';
import { type SoakOptions, USAGE, parseSoakOptions } from './options.js';

/** Tokens live for 15 minutes, and the audit goes through all orders that there are. */
const SHOP_AGE_MS_MAX = 8 * 60_000;
/** An embedded database that ends more often than five times in a minute, under one shop, is given up on. */
const DATABASE_KILLS_IN_A_ROW_MAX = 3;
const FAILED_ROUNDS_MAX = 10;

await runCommand({ name: 'soak', usage: USAGE, parse: parseSoakOptions, run: soak });

async function soak({ minutes, killEverySeconds, clients }: SoakOptions): Promise<number> {
  const startedAtMs = Date.now();
  const rounds: Round[] = [];
  let interrupted = false;
  process.once('SIGINT', () => (interrupted = true));
  let shop = await SoakedShop.open();

  const isOver = (): boolean => interrupted || Date.now() > startedAtMs + minutes * 60_000 || failedOf(rounds) >= FAILED_ROUNDS_MAX;
  while (!isOver()) {
    const round = await play(shop, nextVictim(rounds), clients, Math.random() * 2_000 * killEverySeconds);
    rounds.push(round);
    process.stdout.write(`${lineOf(rounds.length, round)}\n`);
    // After a violation nothing that this shop's books say can be trusted.
    if (shop.ageMs < SHOP_AGE_MS_MAX && round.violations.length === 0) continue;
    await shop.close();
    shop = await SoakedShop.open();
  }
  await shop.close();
  process.stdout.write(`\n${tableOf(rounds, (Date.now() - startedAtMs) / 60_000)}\n`);
  return failedOf(rounds) === 0 ? EXIT.clean : EXIT.wrong;
}

async function play(shop: SoakedShop, victim: Victim, clients: number, killAfterMs: number): Promise<Round> {
  const errands = await shop.loadUntilKilled(victim, clients, killAfterMs);
  const count = errands.length;
  try {
    const recovery = await shop.recover(victim, errands);
    return { victim, errands: count, recovery, violations: await shop.repeat(errands) };
  } catch (fault) {
    return { victim, errands: count, recovery: null, violations: (fault as Error).message.split('\n') };
  }
}

function nextVictim(rounds: readonly Round[]): Victim {
  const chance = Math.random();
  if (chance < 0.5) return 'shop';
  const recent = rounds.slice(-DATABASE_KILLS_IN_A_ROW_MAX);
  const enough = recent.length === DATABASE_KILLS_IN_A_ROW_MAX && recent.every(({ victim }) => victim === 'database');
  return chance < 0.75 && !enough ? 'database' : 'both';
}

function failedOf(rounds: readonly Round[]): number {
  return rounds.filter(({ violations }) => violations.length > 0).length;
}
