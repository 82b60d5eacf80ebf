import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/store/memory.ts';
import { isTerminal, tracked } from '../../src/domain/evacuation.ts';
import { ignoreHost, leftAlone } from '../../src/engine/switches.ts';
import { evacuating, H1 } from '../support/domain.ts';
import { createCounting, createKeptLog, createStandingClock } from '../support/engine.ts';
import { everyProgress } from '../support/record.ts';

describe('a host that is to be ignored', () => {
  it('leaves no instance open behind, whatever step it was in', async () => {
    const clock = createStandingClock();
    const store = createMemoryStore({ clock });
    const record = evacuating(everyProgress);
    await store.write({ version: 0, epoch: null }, record);
    const open = everyProgress.filter((progress) => !isTerminal(progress)).length;
    const { count, flying } = leftAlone(record);
    expect(count + flying).toBe(open);
    const parts = { store, clock, chance: createCounting(), log: createKeptLog() };
    const outcome = await ignoreHost(parts, { host: H1, by: 'anna', reason: 'decommissioned' });
    expect(outcome.kind).toBe('done');
    const stored = await store.read(H1);
    const left = stored.kind === 'known' ? stored.value?.evacuation : undefined;
    expect(left?.phase).toBe('closed');
    const steps = left === undefined ? [] : tracked(left).map(([, { progress }]) => progress);
    expect(steps).toHaveLength(everyProgress.length);
    expect(steps.filter((progress) => !isTerminal(progress))).toEqual([]);
  });
});
