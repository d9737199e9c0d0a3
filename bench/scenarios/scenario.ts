import type { LoadGenerator } from '../load/load-generator.js';
import type { PlannedRequest } from '../load/plan.js';
import type { Town } from '../town/town.js';
import type { YardstickName } from '../yardsticks/pgbench.js';

export interface ClosedLoad {
  readonly clients: number;
  readonly target?: Target;
}

/** An open loop, at so many times the rate of the scenario's largest closed loop of the same round. */
export interface OpenLoad {
  readonly timesPeak: number;
  /** Whoever is refused comes back after `Retry-After`. */
  readonly comesBack?: boolean;
  /** In the first round only: it takes long, and nothing is compared with it. */
  readonly once?: boolean;
  /** As long as it takes until queues are full and answers come as they will. */
  readonly secondsMin?: number;
  readonly target?: Target;
}

export type Load = ClosedLoad | OpenLoad;

/** What is to be reached, in each of the figures named. */
export interface Target {
  readonly ratioMin?: number;
  readonly perSecondMin?: number;
  /** Of the closed loop's rate. */
  readonly goodputMin?: number;
  readonly p50MsMax?: number;
  readonly p99MsMax?: number;
}

export interface Prepared {
  readonly tokens: readonly string[];
  /** What a run leaves over, the next one begins with. */
  requests(count: number): Promise<PlannedRequest[]>;
  /** @throws when a run left something wrong that the audit cannot know of. */
  check?(): Promise<void>;
}

/** One kind of work that the shop is measured at. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly loads: readonly Load[];
  readonly expected: readonly string[];
  readonly yardstick?: YardstickName;
  /** Another way to write the same by hand, measured in the same turns, with no target. */
  readonly reference?: YardstickName;
  /** Whether a paid order (or whatever a request makes) is worth counting statements for. */
  readonly counted?: boolean;
  /** Every run makes all its requests, so many, however long that takes. */
  readonly requestsEach?: { readonly full: number; readonly quick: number };
  prepare(town: Town, generator: LoadGenerator): Promise<Prepared>;
}

/** How long a scenario takes, in measurements. */
export const weightOf = ({ loads, yardstick, reference }: Scenario): number => {
  const compared = loads.filter((load) => !isOpen(load) && load.clients > 1).length;
  return loads.length + compared * (Number(yardstick !== undefined) + Number(reference !== undefined));
};

export const isOpen = (load: Load): load is OpenLoad => 'timesPeak' in load;
