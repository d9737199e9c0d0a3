import { configDefaults, defineConfig } from 'vitest/config';

const HOOK_TIMEOUT_MS = 60_000;
const TEST_TIMEOUT_MS = 60_000;

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // For minutes, and by a command of its own: `npm run test:kill-matrix`.
    exclude: [...configDefaults.exclude, 'test/kill-matrix/every-kill-point.test.ts'],
    globalSetup: ['test/support/postgres.ts', 'test/support/redis-server.ts', 'test/support/kafka-server.ts'],
    setupFiles: ['test/support/reflect-metadata.ts'],
    pool: 'forks',
    maxWorkers: 2,
    sequence: { shuffle: true },
    hookTimeout: HOOK_TIMEOUT_MS,
    testTimeout: TEST_TIMEOUT_MS,
    // A forgotten `.only` must not make a run green.
    allowOnly: false,
  },
});
