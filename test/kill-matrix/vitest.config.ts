import { defineConfig } from 'vitest/config';

/** The kill matrix whole, for minutes; `npm test` runs a sample of it. It needs no database but those of the shops that it kills. */
export default defineConfig({ test: { include: ['test/kill-matrix/every-kill-point.test.ts'], allowOnly: false } });
