import { expect, it } from 'vitest';
import { batchOf, failuresOf } from '../support/sim/batch.ts';

const batch = batchOf(0, 2);

it(`keeps every promise in ${String(batch.worlds)} worlds from seed ${String(batch.first)}`, async () => {
  expect(await failuresOf(batch)).toEqual([]);
});
