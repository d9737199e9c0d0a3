import { type PlantedBug, change, fieldOf } from './planted-bug.js';

export const ALERT_BUGS: readonly PlantedBug[] = [
  {
    name: 'a compensation that does not get through raises no alert',
    breaks: 'K6',
    plant: ({ consumers }) => {
      for (const consumer of consumers) change(fieldOf<object>(consumer, 'retries'), 'raise', () => () => Promise.resolve());
    },
  },
];
