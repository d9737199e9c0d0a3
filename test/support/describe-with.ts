import { beforeAll, describe } from 'vitest';

/**
 * `describe` for tests that need a server of the whole run: the one place where tests are left out, on a developer's machine
 * that has no such server and cannot get it. The report then says what would help. With CI=true they fail instead.
 *
 * @param problem why the server is missing, or empty.
 */
export const describeWith = (problem: string) => (name: string, tests: () => void) => {
  const leftOut = problem === '' ? '' : ` (left out: ${problem}; see npm run infra -- --help)`;
  describe.runIf(problem === '' || process.env.CI === 'true')(`${name}${leftOut}`, () => {
    beforeAll(() => {
      if (problem !== '') throw new Error(problem);
    });
    tests();
  });
};
