import type { Fault } from './faults.js';
import type { Periods } from './store/memory-order-repository.js';

/** What a client does, and when. `order` says which of the placed ones is meant; `process` who is asked, among those that live then. */
export type Operation = { readonly atMs: number; readonly process: number } & (
  | {
      readonly kind: 'place';
      readonly order: number;
      readonly user: number;
      readonly lines: readonly { readonly option: number; readonly quantity: number }[];
      readonly key: string | null;
      readonly repeats: number;
    }
  | {
      readonly kind: 'pay';
      readonly order: number;
      readonly coupon: number | null;
      readonly repeats: number;
      readonly respondAsync: boolean;
      readonly by?: number;
    }
  | { readonly kind: 'cancel'; readonly order: number }
  | { readonly kind: 'top up'; readonly user: number; readonly amount: number; readonly key: string | null; readonly repeats: number }
);

/** How the domains talk. */
export const SHAPES = ['in process', 'kafka'] as const;
export type Shape = (typeof SHAPES)[number];

/** Everything that makes a run what it is: two runs of one history are the same, step by step. */
export interface History {
  readonly seed: number;
  /** Another number, and all latencies and choices fall out otherwise. */
  readonly chance: number;
  readonly shape: Shape;
  readonly processes: number;
  /** Opening balance of user 1, 2, … */
  readonly balances: readonly number[];
  /** Pieces and price of option 1, 2, … */
  readonly options: readonly { readonly stock: number; readonly price: number }[];
  /** `coupon` n gives `rate` percent; its holders are users. */
  readonly coupons: readonly { readonly rate: number; readonly holders: readonly number[]; readonly expiresAtMs: number }[];
  readonly periods: Periods;
  readonly latencyMsMax: number;
  /** How far order ids lie apart: with 16 all events of a type share one shard, with 8 two. */
  readonly orderIdStep: 1 | 8 | 16;
  readonly operations: readonly Operation[];
  readonly faults: readonly Fault[];
  /** At the end: wait until all that is unpaid has expired, pay what is pending, or neither. */
  readonly ending: 'expire' | 'pay' | 'settle';
}
