// Prints "PASSED FAILED" for a JSON report of vitest; a file that could not even be loaded is a failure.
import { readFileSync } from 'node:fs';

const { testResults } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
const count = (status) => tests.filter((test) => test.status === status).length;
const unloaded = testResults.filter(
  ({ status, assertionResults }) =>
    status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
);
for (const { fullName } of tests.filter(({ status }) => status === 'failed')) {
  console.error(`FAILED ${fullName}`);
}
for (const { name, message } of unloaded) console.error(`FAILED ${name}: ${message}`);
console.log(count('passed'), count('failed') + unloaded.length);
