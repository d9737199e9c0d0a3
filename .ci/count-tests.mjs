// count-tests.mjs REPORT EXIT_CODE: reads vitest's JSON report and ends with one line, `N passed, N failed[, N skipped]`.
// Exits 1 when a test failed, when vitest did, or when nothing ran.
import { readFileSync } from 'node:fs';

const [file, exitCode] = process.argv.slice(2);
const text = readFileSync(file, 'utf8');
const report = text ? JSON.parse(text) : { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };

// A test file that cannot be loaded has no failed test to count: it counts as one.
const brokenFiles = report.testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
);
for (const { name, message } of brokenFiles) console.log(`broken: ${name}: ${message}`);

const passed = report.numPassedTests;
const skipped = report.numPendingTests + report.numTodoTests;
let failed = report.numFailedTests + brokenFiles.length;
if (failed === 0 && exitCode !== '0') {
  console.log(`vitest ended with code ${exitCode} though no test failed: see above`);
  failed = 1;
}
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
