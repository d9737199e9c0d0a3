// count-tests.mjs (REPORT EXIT_CODE)…: reads the JSON reports of runs of vitest and ends with one line over all of them,
// `N passed, N failed[, N skipped]`. Exits 1 when a test failed, when vitest did, or when nothing ran, in any of the runs.
import { existsSync, readFileSync } from 'node:fs';

const NO_REPORT = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };

const given = process.argv.slice(2);
const runs = Array.from({ length: given.length / 2 }, (_, index) => counted(given[2 * index], given[2 * index + 1]));
const total = (count) => runs.reduce((sum, run) => sum + run[count], 0);
const [passed, failed, skipped] = ['passed', 'failed', 'skipped'].map(total);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

function counted(file, exitCode) {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const report = text ? JSON.parse(text) : NO_REPORT;

  // A test file that cannot be loaded has no failed test to count: it counts as one.
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  for (const { name, message } of brokenFiles) console.log(`broken: ${name}: ${message}`);

  const passed = report.numPassedTests;
  const skipped = report.numPendingTests + report.numTodoTests;
  let failed = report.numFailedTests + brokenFiles.length;
  if (failed === 0 && (exitCode !== '0' || passed === 0)) {
    console.log(`vitest ended with code ${exitCode} and ${passed} passed tests, though no test failed: see above`);
    failed = 1;
  }
  return { passed, failed, skipped };
}
