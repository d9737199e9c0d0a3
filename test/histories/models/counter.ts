import type { Model } from '../linearizability.js';

/** `leaves`: the count that was answered; null when nobody was told. */
export type CounterAction =
  | { readonly does: 'change'; readonly by: number; readonly leaves: number | null }
  | { readonly does: 'read'; readonly count: number }
  | { readonly does: 'refuse'; readonly wanted: number; readonly count: number };

/** An amount that never falls below zero: every change and every look is one instant, and a refusal says what was there. */
export const counterModel = (initial: number): Model<number, CounterAction> => ({
  initial,
  key: String,
  isLook: ({ does }) => does !== 'change',
  apply(count, action) {
    switch (action.does) {
      case 'change': {
        const after = count + action.by;
        return after >= 0 && (action.leaves === null || action.leaves === after) ? after : undefined;
      }
      case 'read':
        return action.count === count ? count : undefined;
      case 'refuse':
        return action.count === count && action.wanted > count ? count : undefined;
    }
  },
});
