// The quick checks (`npm run check`), two at a time, the longest first; prints what failed. Their caches
// lie in node_modules/.cache, so that a fresh clone checks everything.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const cache = join(root, 'node_modules', '.cache');

const checks = [
  { name: 'eslint', args: ['.', '--cache', '--cache-location', join(cache, 'eslint/')] },
  {
    name: 'tsc',
    args: [
      '-p',
      '.',
      '--noEmit',
      '--incremental',
      '--tsBuildInfoFile',
      join(cache, 'tsc.tsbuildinfo'),
    ],
  },
  {
    name: 'prettier',
    args: ['--check', '.', '--log-level', 'warn', '--cache'],
  },
  {
    name: 'vitest',
    args: ['run', '--project', 'unit', 'test/architecture.test.ts', 'test/tidy.test.ts'],
  },
  { name: 'knip', args: [] },
];

/** Runs one check; resolves with whether it passed. */
function run({ name, args }) {
  const startMs = performance.now();
  const child = spawn(join(root, 'node_modules', '.bin', name), args, { cwd: root });
  const chunks = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  child.stderr.on('data', (chunk) => chunks.push(chunk));
  return new Promise((resolve) => {
    child.on('error', (error) => chunks.push(Buffer.from(`${error.message}\n`)));
    child.on('close', (code) => {
      const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
      console.log(
        `${name.padEnd(10)} ${code === 0 ? 'ok    ' : 'FAILED'} ${seconds.padStart(5)} s`,
      );
      if (code !== 0) process.stdout.write(Buffer.concat(chunks));
      resolve(code === 0);
    });
  });
}

const waiting = [...checks];
let passed = true;
const lane = async () => {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    passed = (await run(next)) && passed;
  }
};
await Promise.all([lane(), lane()]);
process.exitCode = passed ? 0 : 1;
