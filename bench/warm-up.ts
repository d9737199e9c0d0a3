import type { BenchOptions } from './options.js';
import { PAY_COUPONS } from './scenarios/paying.js';
import type { Stage } from './stage.js';
import { measure } from './measurement.js';

const REQUESTS = { full: 4_000, quick: 50 };
const CLIENTS = 32;
const SECONDS_MAX = 10;

/** A shop that has run for a while: code compiled, statements prepared, the files of tables and log extended. */
export async function warmUp(stage: Stage, { quick }: Pick<BenchOptions, 'quick'>, say: (text: string) => void): Promise<void> {
  say('warming up');
  const prepared = await PAY_COUPONS.prepare(stage.town, stage.generator);
  const requests = await prepared.requests(quick ? REQUESTS.quick : REQUESTS.full);
  const plan = { address: stage.shop.address, tokens: prepared.tokens, requests, expected: PAY_COUPONS.expected, attemptsMax: 1 };
  await measure(stage, { ...plan, arrivals: { kind: 'closed', clients: CLIENTS, secondsMax: SECONDS_MAX } });
}
