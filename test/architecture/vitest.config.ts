import { defineConfig } from 'vitest/config';

/** Some of them read the whole house. */
const TEST_TIMEOUT_MS = 60_000;

/** The architecture tests alone: they need no database, and answer in seconds. `npm test` runs them too. */
export default defineConfig({ test: { include: ['test/architecture/*.test.ts'], testTimeout: TEST_TIMEOUT_MS } });
