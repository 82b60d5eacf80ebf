import { expect, test } from 'vitest';
import { createMemoryStore } from '../src/adapters/store/memory.ts';
import { asEvent, asHost } from '../src/domain/ids.ts';
import { describeStore } from './support/store-contract.ts';

function memoryBed(): ReturnType<Parameters<typeof describeStore>[1]> {
  let nowMs = 0;
  const store = createMemoryStore({ clock: { now: () => nowMs, monotonicMs: () => nowMs } });
  return Promise.resolve({
    open: () => store,
    passTime: (lengthMs: number) => {
      nowMs += lengthMs;
    },
    damage: null,
    damageSwitches: null,
    close: () => store.close(),
  });
}

describeStore('memory', memoryBed);

test('the memory store forgets the oldest history', async () => {
  const clock = { now: () => 0, monotonicMs: () => 0 };
  const store = createMemoryStore({ clock, historyLimit: 3 });
  const event = asEvent('e');
  for (let at = 1; at <= 10; at += 1) {
    await store.append([
      { at, host: asHost('h'), event, what: 'landed', instance: null, detail: '' },
    ]);
  }
  const history = await store.history({ limit: 100 });
  expect(history.kind === 'known' && history.value.map(({ at }) => at)).toEqual([10, 9, 8]);
});
