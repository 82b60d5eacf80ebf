import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const flagsIn = (file: string): readonly string[] =>
  [...readFileSync(file, 'utf8').matchAll(/--(?:single-threaded-gc|max-semi-space-size=\d+)/g)].map(
    ([flag]) => flag,
  );

it('a worker runs alike, whoever starts it: its own first line or the agent', () => {
  const own = flagsIn('scripts/build.mjs');
  expect(own).toHaveLength(2);
  expect(flagsIn('src/adapters/daemons.ts')).toEqual(own);
});
