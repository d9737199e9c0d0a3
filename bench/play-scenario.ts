import { type AuditResult, auditThroughApi } from './audit.js';
import type { ClosedLoop, OpenLoop } from './load/plan.js';
import { type Measurement, measure } from './measurement.js';
import type { BenchOptions } from './options.js';
import { RequestPool } from './request-pool.js';
import { type ClosedLoad, isOpen, type Load, type OpenLoad, type Prepared, type Scenario } from './scenarios/scenario.js';
import type { Stage } from './stage.js';
import type { YardstickName } from './yardsticks/pgbench.js';

export interface Round {
  readonly measurement: Measurement;
  /** Transactions a second of the yardstick right after it. */
  readonly yardstick: number | null;
  readonly reference: number | null;
  /** In an open loop: how many arrived a second, and the closed loop's rate of this round. */
  readonly offered: { readonly perSecond: number; readonly peak: number } | null;
}

export interface PlayedLoad {
  readonly load: Load;
  readonly rounds: readonly Round[];
  /** A run apart, in which PostgreSQL counted. */
  readonly counted: Measurement | null;
}

export interface PlayedScenario {
  readonly scenario: Scenario;
  readonly loads: readonly PlayedLoad[];
  readonly audit: AuditResult;
  /** What was not right. */
  readonly problems: readonly string[];
}

/** More than the shop lets wait, or nobody would ever be refused. */
const CONNECTIONS_MAX = 4_096;
const COMING_BACK_MAX = 5;
const SEED = 1;
/** The next checkpoint takes the log away that is to be looked at. It is due after 5 minutes or half a gigabyte. */
const COUNTED_REQUESTS_MAX = 10_000;
/** Where a run makes all its requests however long it takes, it is bounded all the same. */
const ALL_REQUESTS_SECONDS_MAX = 60;

interface Play {
  readonly scenario: Scenario;
  readonly prepared: Prepared;
  readonly pool: RequestPool;
}

/** Rounds of every load in turn with its yardstick, then a run apart in which statements are counted, then the audit. */
export class ScenarioPlayer {
  constructor(
    private readonly stage: Stage,
    private readonly options: BenchOptions,
    private readonly say: (text: string) => void,
  ) {}

  /** @param giveUpAtMs by `performance.now()`: no further round begins then, but the first is always made. */
  async play(scenario: Scenario, giveUpAtMs: number): Promise<PlayedScenario> {
    const prepared = await scenario.prepare(this.stage.town, this.stage.generator);
    const play: Play = { scenario, prepared, pool: new RequestPool(prepared) };
    await this.tidyUp();
    const problems: string[] = [];
    const loads = this.loadsOf(scenario).map((load) => ({ load, rounds: [] as Round[] }));
    for (let round = 1; round <= this.options.rounds && (round === 1 || performance.now() < giveUpAtMs); round++) {
      let peak = 0;
      for (const { load, rounds } of loads.filter((each) => round === 1 || !isOnce(each.load))) {
        this.say(`${scenario.title}, ${nameOf(load)}: round ${round} of ${this.options.rounds}`);
        const played = await this.playRound(play, load, peak);
        rounds.push(played);
        if (!isOpen(load)) peak = played.measurement.perSecond;
        problems.push(...problemsOf(scenario, load, played.measurement));
        await prepared.check?.();
      }
    }
    const counted: PlayedLoad[] = [];
    for (const { load, rounds } of loads) {
      counted.push({ load, rounds, counted: scenario.counted && !isOpen(load) ? await this.count(play, load) : null });
    }
    this.say(`${scenario.title}: audit`);
    await this.tidyUp();
    const audit = await auditThroughApi(this.stage.shop.address);
    if (audit.violations > 0 || audit.pending > 0) {
      problems.push(`${scenario.title}: the audit found ${audit.violations} violations and ${audit.pending} pending`);
    }
    return { scenario, loads: counted, audit, problems };
  }

  /** One closed loop is enough to see that it works. */
  private loadsOf({ loads }: Scenario): readonly Load[] {
    const enough = loads.find((load) => !isOpen(load) && load.clients > 1);
    return this.options.quick ? loads.filter((load) => isOpen(load) || load === enough) : loads;
  }

  private async playRound(play: Play, load: Load, peak: number): Promise<Round> {
    if (isOpen(load)) {
      const perSecond = Math.max(1, peak * load.timesPeak);
      const arrivals: OpenLoop = { kind: 'open', perSecond, connectionsMax: CONNECTIONS_MAX, seed: SEED };
      const attemptsMax = load.comesBack === true ? COMING_BACK_MAX : 1;
      const measurement = await this.measure(play, arrivals, { attemptsMax, secondsMin: load.secondsMin ?? 0 });
      return { measurement, yardstick: null, reference: null, offered: { perSecond, peak } };
    }
    const measurement = await this.measure(play, this.closedLoop(play, load));
    const { yardstick, reference } = play.scenario;
    return {
      measurement,
      yardstick: await this.yardstick(yardstick, load.clients),
      reference: await this.yardstick(reference, load.clients),
      offered: null,
    };
  }

  private async measure(
    { scenario, prepared, pool }: Play,
    arrivals: ClosedLoop | OpenLoop,
    { attemptsMax = 1, counting = false, secondsMin = 0 } = {},
  ): Promise<Measurement> {
    const wanted = this.requestsFor(scenario, arrivals, secondsMin);
    const requests = await pool.take(counting ? Math.min(wanted, COUNTED_REQUESTS_MAX) : wanted);
    const { tokens } = prepared;
    const plan = { address: this.stage.shop.address, tokens, requests, arrivals, expected: scenario.expected, attemptsMax };
    const measurement = await measure(this.stage, plan, { counting });
    pool.giveBack(requests.slice(measurement.begun));
    return measurement;
  }

  private requestsFor({ requestsEach }: Scenario, arrivals: ClosedLoop | OpenLoop, secondsMin: number): number {
    const { secondsMax, requestsMax, quick } = this.options;
    if (requestsEach !== undefined) return quick ? requestsEach.quick : requestsEach.full;
    return arrivals.kind === 'open' && !quick ? Math.ceil(arrivals.perSecond * Math.max(secondsMax, secondsMin)) : requestsMax;
  }

  private closedLoop({ scenario }: Play, { clients }: ClosedLoad): ClosedLoop {
    return {
      kind: 'closed',
      clients,
      secondsMax: scenario.requestsEach === undefined ? this.options.secondsMax : ALL_REQUESTS_SECONDS_MAX,
    };
  }

  /** One client alone is judged by its latency. */
  private async yardstick(name: YardstickName | undefined, clients: number): Promise<number | null> {
    const { pgbench } = this.stage;
    if (pgbench === null || name === undefined || clients === 1) return null;
    return pgbench.run(name, clients, this.options);
  }

  private async count(play: Play, load: ClosedLoad): Promise<Measurement> {
    this.say(`${play.scenario.title}, ${nameOf(load)}: counting statements`);
    await this.tidyUp();
    return this.measure(play, this.closedLoop(play, load), { counting: true });
  }

  /** What PostgreSQL does by itself in a shop that grows by the day, not by the second: planner statistics, a checkpoint. */
  private async tidyUp(): Promise<void> {
    if (this.options.quick) return;
    await this.stage.town.database.query('ANALYZE');
    await this.stage.admin.query('CHECKPOINT');
  }
}

/** Only who overloads the shop expects it to refuse. */
function problemsOf({ title }: Scenario, load: Load, { failed, outcomes }: Measurement): string[] {
  if (failed === 0 || (isOpen(load) && load.timesPeak > 1)) return [];
  return [`${title}, ${nameOf(load)}: ${failed} requests without an expected answer: ${JSON.stringify(outcomes)}`];
}

const isOnce = (load: Load): boolean => isOpen(load) && load.once === true;

export function nameOf(load: Load): string {
  if (!isOpen(load)) return load.clients === 1 ? '1 client' : `${load.clients} clients`;
  return openName(load);
}

function openName({ timesPeak, comesBack }: OpenLoad): string {
  if (timesPeak <= 1) return `${timesPeak * 100}% of the peak`;
  return `${timesPeak} × the peak, refused ${comesBack ? 'come back' : 'go away'}`;
}
