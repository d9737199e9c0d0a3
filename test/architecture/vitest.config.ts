import { defineConfig } from 'vitest/config';

/** The architecture tests alone: they need no database, and answer in seconds. `npm test` runs them too. */
export default defineConfig({ test: { include: ['test/architecture/*.test.ts'] } });
