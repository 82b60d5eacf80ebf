import { expect, test } from 'vitest';
import { createAdoption, type Adoption } from '../../../src/adapters/pacemaker/adopt.ts';
import type { NodeState } from '../../../src/adapters/pacemaker/cib.ts';
import type { FenceEvent } from '../../../src/adapters/pacemaker/fencing-history.ts';
import type { Phase } from '../../../src/domain/evacuation.ts';
import { asHost } from '../../../src/domain/ids.ts';
import { known } from '../../../src/domain/known.ts';
import { summaryOf, type Summary } from '../../../src/domain/summary.ts';
import { markedRecord } from '../../support/record.ts';

const NOW = 1_000_000;
const host = asHost('compute-1');

const state = (over: Partial<NodeState> = {}): NodeState => ({
  node: 'compute-1',
  remote: true,
  present: false,
  fencedAt: 500_000,
  ...over,
});

const fenced = (completedAt: number): FenceEvent => ({
  action: 'reboot',
  target: 'compute-1',
  status: 'success',
  origin: 'ctl-1',
  client: 'pacemaker-controld.1',
  delegate: 'ctl-2',
  exitReason: null,
  completedAt,
});

const summary = (phase: Phase, markedAt: number): Summary => ({
  ...summaryOf(markedRecord(host, markedAt)),
  phase,
});

async function adopt(world: {
  states?: readonly NodeState[];
  events?: readonly FenceEvent[];
  classic?: Readonly<Record<string, string>>;
  summaries?: readonly Summary[];
  hosts?: readonly string[];
}): Promise<Adoption> {
  const look = createAdoption({
    cib: { nodeStates: () => Promise.resolve(known(world.states ?? [], 1)) },
    history: () => Promise.resolve(known(world.events ?? [], 1)),
    attributes: {
      all: () => Promise.resolve(known(new Map(Object.entries(world.classic ?? {})), 1)),
    },
    now: () => NOW,
    skewMs: 5000,
  });
  const hosts = (world.hosts ?? ['compute-1', 'compute-2']).map(asHost);
  const answer = await look({ summaries: world.summaries ?? [], hosts });
  if (answer.kind === 'unknown') throw new Error(answer.why);
  return answer.value;
}

test('a remote node that was fenced and carries no mark is found, with its proof', async () => {
  const { failures } = await adopt({ states: [state()], events: [fenced(500_400)] });
  expect(failures).toEqual([
    {
      host,
      at: 500_000,
      detail: expect.stringContaining('compute-1') as string,
      proof: expect.objectContaining({ source: 'pacemaker', at: 500_400 }) as unknown,
    },
  ]);
});

test('a node that was fenced by hand while it was connected is found', async () => {
  const states = [state({ present: true })];
  const { failures } = await adopt({ states, events: [fenced(500_400)] });
  expect(failures).toMatchObject([{ host, at: 500_000, proof: { at: 500_400 } }]);
  const classic = { 'compute-1': 'yes' };
  const told = await adopt({ states, events: [fenced(500_400)], classic });
  expect(told.failures).toHaveLength(1);
});

test('after the history was lost the node state is enough', async () => {
  const { failures } = await adopt({ states: [state()] });
  expect(failures[0]?.proof).toMatchObject({ at: 500_000 });
});

test.each<[string, Parameters<typeof adopt>[0]]>([
  ['it is connected', { states: [state({ present: true, fencedAt: null })] }],
  ['it is gone but not fenced', { states: [state({ fencedAt: null })] }],
  ['it is a controller', { states: [state({ remote: false })] }],
  ['it is no compute host', { states: [state()], hosts: ['compute-2'] }],
  ['it is marked', { states: [state()], summaries: [summary('marked', 400_000)] }],
  ['its mark is as young', { states: [state()], summaries: [summary('settled', 499_000)] }],
  ['it was unmarked by hand', { states: [state()], summaries: [summary('closed', 500_100)] }],
  [
    'it is being fenced again',
    { states: [state()], events: [{ ...fenced(0), status: 'pending', completedAt: null }] },
  ],
  ['the classic attribute says no', { classic: { 'compute-1': 'no' } }],
  ['the classic attribute was erased', { classic: { 'compute-1': '' } }],
  [
    'its evacuation is under way already',
    { classic: { 'compute-1': 'yes' }, summaries: [summary('evacuating', 400_000)] },
  ],
])('nothing is found when %s', async (_, world) => {
  expect((await adopt(world)).failures).toEqual([]);
});

test('a host that failed anew after an earlier evacuation is found', async () => {
  const { failures } = await adopt({ states: [state()], summaries: [summary('settled', 300_000)] });
  expect(failures).toHaveLength(1);
});

test('the report of a fence_compute is taken up, by short and full names', async () => {
  const { failures } = await adopt({
    states: [state({ fencedAt: null })],
    events: [fenced(900_000)],
    classic: { 'compute-1.example.com': 'yes' },
    hosts: ['compute-1.example.com'],
  });
  expect(failures).toEqual([
    expect.objectContaining({ host: 'compute-1.example.com', at: 900_000 }),
  ]);
  const same = await adopt({
    states: [state({ fencedAt: null })],
    events: [fenced(900_000)],
    classic: { 'compute-1': 'yes' },
  });
  expect(same.failures[0]).toMatchObject({ at: 900_000, proof: { at: 900_000 } });
});

test('an old yes does not borrow the fencing of an earlier failure', async () => {
  const classic = { 'compute-1': 'yes' };
  const settled = { classic, events: [fenced(500_000)], summaries: [summary('closed', 500_000)] };
  expect((await adopt(settled)).failures[0]).toMatchObject({ at: NOW, proof: null });
  const connected = state({ present: true, fencedAt: null });
  const back = { classic, events: [fenced(500_000)], states: [connected] };
  expect((await adopt(back)).failures[0]).toMatchObject({ at: NOW, proof: null });
});

test('a node that fits two hosts is a problem for a human, not a failure of either', async () => {
  const { failures, problems } = await adopt({
    states: [state()],
    hosts: ['compute-1.a', 'compute-1.b'],
  });
  expect(failures).toEqual([]);
  expect(problems).toEqual([expect.stringContaining('compute-1.a, compute-1.b')]);
});
