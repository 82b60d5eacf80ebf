import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/store/memory.ts';
import { isTerminal, tracked } from '../../src/domain/evacuation.ts';
import { asHost, type HostName } from '../../src/domain/ids.ts';
import { unknown } from '../../src/domain/known.ts';
import { applied, refused, uncertain } from '../../src/domain/outcome.ts';
import { relabelIgnored } from '../../src/engine/relabel.ts';
import { rebuildMarks } from '../../src/engine/rebuild.ts';
import type { Store } from '../../src/engine/ports.ts';
import {
  forceHost,
  ignoreHost,
  leftAlone,
  switchOff,
  switchOn,
} from '../../src/engine/switches.ts';
import { evacuating, EVENT, fleet, H1, H2, isolated, service } from '../support/domain.ts';
import {
  createCounting,
  createFakeCompute,
  createKeptLog,
  createStandingClock,
} from '../support/engine.ts';
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

const PAUSE = {
  kind: 'pause',
  scope: { of: 'all' },
  reason: 'r',
  by: 'anna',
  forMs: null,
} as const;

function bed(change: Partial<Store> = {}) {
  const clock = createStandingClock();
  const memory = createMemoryStore({ clock });
  const store = { ...memory, ...change };
  return { clock, memory, store, chance: createCounting(), log: createKeptLog() };
}

describe('switches', () => {
  it('survive a lost race, and keep what others have written', async () => {
    const { memory, ...parts } = bed();
    let races = 0;
    const store: Store = {
      ...memory,
      setSwitchboard: async (version, board) => {
        races += 1;
        // Somebody else is quicker, once.
        if (races === 1)
          await switchOn({ ...parts, store: memory }, { ...PAUSE, kind: 'freeze', by: 'bert' });
        return memory.setSwitchboard(version, board);
      },
    };
    expect(await switchOn({ ...parts, store }, PAUSE)).toMatchObject({ kind: 'done' });
    const board = await memory.switchboard();
    expect(board).toMatchObject({
      value: { switches: [{ kind: 'freeze' }, { kind: 'pause' }] },
    });
  });

  it('are made once more after a write of unknown outcome', async () => {
    const { memory, ...parts } = bed();
    let lost = true;
    const store: Store = {
      ...memory,
      setSwitchboard: async (version, board) => {
        const outcome = await memory.setSwitchboard(version, board);
        if (!lost) return outcome;
        lost = false;
        return uncertain('the answer was lost');
      },
    };
    expect(await switchOn({ ...parts, store }, PAUSE)).toMatchObject({ kind: 'done' });
    expect(await memory.switchboard()).toMatchObject({ value: { switches: [{ by: 'anna' }] } });
  });

  it.each([
    ['it cannot be read', { switchboard: () => Promise.resolve(unknown('away')) }],
    ['it takes no write', { setSwitchboard: () => Promise.resolve(refused('not-sent', 'away')) }],
    ['nobody knows', { setSwitchboard: () => Promise.resolve(uncertain('time-out')) }],
  ] as const)('are unreachable where the store is: %s', async (_name, change) => {
    expect((await switchOn(bed(change), PAUSE)).kind).toBe('unreachable');
  });

  it('wake the workers of open hosts, and stand in the history', async () => {
    const parts = bed();
    await parts.memory.write({ version: 0, epoch: null }, evacuating());
    const closed = evacuating([], { host: H2, phase: 'closed' });
    await parts.memory.write({ version: 0, epoch: null }, closed);
    const woken: HostName[] = [];
    parts.memory.watch((host) => void woken.push(host));
    await switchOn(parts, PAUSE);
    expect(woken).toEqual([H1]);
    await switchOff(parts, { kinds: ['pause'], scope: { of: 'all' }, by: 'bert' });
    expect(await parts.memory.history({ limit: 9 })).toMatchObject({
      value: [
        { what: 'resume', detail: 'by bert: no pause any more' },
        { what: 'pause', detail: 'by anna: r' },
      ],
    });
  });

  it('that are not on are not written off', async () => {
    const parts = bed();
    const off = { kinds: ['freeze'], scope: { of: 'host', host: H1 }, by: 'anna' } as const;
    expect(await switchOff(parts, off)).toEqual({ kind: 'done', switches: [], changed: [] });
    expect(await parts.memory.switchboard()).toMatchObject({ value: { version: 0 } });
  });

  it('force only what is marked', async () => {
    const parts = bed();
    const command = { host: H1, by: 'anna' };
    expect(await forceHost(parts, command)).toMatchObject({ kind: 'refused' });
    await parts.memory.write({ version: 0, epoch: null }, evacuating([], { phase: 'settled' }));
    expect(await forceHost(parts, command)).toMatchObject({ why: { code: 'NH603' } });
  });
});

describe('the label of an ignored host in Nova', () => {
  it('says so, and brings no mark back', async () => {
    const compute = createFakeCompute();
    expect(await relabelIgnored({ compute }, { host: H1, event: EVENT })).toEqual({ kind: 'done' });
    const label = `nova-ha: ${EVENT} ignored`;
    expect(compute.calls.at(-1)).toContain(label);
    const parts = bed();
    for (const text of [label, `nova-ha: ${EVENT} silent`]) {
      const shown = fleet([isolated(H1, { disabledReason: text })]);
      expect(await rebuildMarks(parts, shown, new Set())).toEqual([]);
    }
    expect(await rebuildMarks(parts, fleet([isolated()]), new Set())).toEqual([H1]);
  });

  it.each([
    ['a host that Nova does not know', asHost('compute-9'), {}, 'nothing'],
    ['a service that is enabled', H2, {}, 'nothing'],
    ['a list that cannot be read', H1, { fleet: () => Promise.resolve(unknown('503')) }, 'failed'],
    [
      'a refusal',
      H1,
      { changeService: () => Promise.resolve(refused('forbidden', 'no', 403)) },
      'failed',
    ],
    ['an unknown outcome', H1, { changeService: () => Promise.resolve(uncertain('x')) }, 'failed'],
    ['a good answer', H1, { changeService: () => Promise.resolve(applied(service())) }, 'done'],
  ] as const)('%s', async (_name, host, change, kind) => {
    const compute = createFakeCompute(change);
    expect((await relabelIgnored({ compute }, { host, event: EVENT })).kind).toBe(kind);
  });
});
