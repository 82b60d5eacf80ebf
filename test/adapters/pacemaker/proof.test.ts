import { describe, expect, test } from 'vitest';
import type { NodeState } from '../../../src/adapters/pacemaker/cib.ts';
import {
  createFencingHistory,
  parsePacemakerTime,
  type FenceEvent,
} from '../../../src/adapters/pacemaker/fencing-history.ts';
import { createPacemakerFencing, fencingOf } from '../../../src/adapters/pacemaker/proof.ts';
import { createPresence, presenceOf } from '../../../src/adapters/pacemaker/return.ts';
import { asHost } from '../../../src/domain/ids.ts';
import { known, unknown } from '../../../src/domain/known.ts';
import { markedRecord } from '../../support/record.ts';
import { ended, scriptedExec } from '../../support/scripted-exec.ts';
import { captured, capturedStates } from './captured.ts';

const now = (): number => 1000;
const at = (text: string): number => Date.parse(`2026-11-20T${text}Z`);

async function history(name: string): Promise<readonly FenceEvent[]> {
  const script = scriptedExec().when('stonith_admin', ended(captured(name)));
  const events = await createFencingHistory({ exec: script.exec, now })();
  if (events.kind === 'unknown') throw new Error(events.why);
  return events.value;
}

const event = (over: Partial<FenceEvent>): FenceEvent => ({
  action: 'reboot',
  target: 'compute-1',
  status: 'success',
  origin: 'ctl-2',
  client: 'pacemaker-controld.73',
  delegate: 'ctl-3',
  exitReason: null,
  completedAt: 100_000,
  ...over,
});

const off = (fencedAt: number | null): NodeState => ({
  node: 'compute-1',
  remote: true,
  present: false,
  fencedAt,
});

describe('the history', () => {
  test('of Pacemaker 2.1', async () => {
    const [first, , second] = await history('history-failed');
    expect(first).toMatchObject({ action: 'reboot', status: 'pending', completedAt: null });
    expect(second).toMatchObject({ status: 'failed', completedAt: at('12:22:20') });
  });

  test('of Pacemaker 3.0, with fractions and zones', () => {
    expect(parsePacemakerTime('2026-11-20 12:22:15.123456Z')).toBe(at('12:22:15.123'));
    expect(parsePacemakerTime('2026-11-20 14:22:15.500000 +02:00')).toBe(at('12:22:15.500'));
    expect(parsePacemakerTime('2026-11-20 07:22:15 -05:00')).toBe(at('12:22:15'));
    for (const bad of [
      '',
      'yesterday',
      '2026-11-20',
      '2026-11-20 12:22:15',
      '2026-13-20 12:22:15Z',
    ])
      expect(parsePacemakerTime(bad)).toBeNull();
  });

  test('an end without a readable time, and a word that we do not know, are no end', async () => {
    const xml =
      '<pacemaker-result><list>' +
      '<fence_event action="off" target="a" status="success" completed="soon"/>' +
      '<fence_event action="off" target="a" status="done" completed="2026-11-20 12:22:15Z"/>' +
      '</list></pacemaker-result>';
    const exec = scriptedExec().when('stonith_admin', ended(xml)).exec;
    const events = await createFencingHistory({ exec, now })();
    const statuses = events.kind === 'known' && events.value.map(({ status }) => status);
    expect(statuses).toEqual(['pending', 'pending']);
  });

  test.each([[ended('', 102)], [ended('<cib/>')], [ended('<pacemaker-result>')]])(
    'that cannot be read is unknown',
    async (outcome) => {
      const exec = scriptedExec().when('stonith_admin', outcome).exec;
      expect((await createFencingHistory({ exec, now })()).kind).toBe('unknown');
    },
  );
});

describe('what proves that a node is off', () => {
  test('the end of its whole fencing', async () => {
    const events = await history('history-fenced');
    const finding = fencingOf({ node: 'compute-1', events, state: null }, at('12:22:15'));
    expect(finding).toEqual({
      kind: 'proof',
      proof: {
        source: 'pacemaker',
        at: at('12:22:15'),
        detail: 'stonith "reboot" by ctl-3, asked by pacemaker-controld.73@ctl-2',
      },
    });
  });

  test.each<[string, readonly FenceEvent[], NodeState | null, 'proof' | 'none']>([
    ['nothing known', [], null, 'none'],
    ['unfencing', [event({ action: 'on' })], null, 'none'],
    ['of another node', [event({ target: 'compute-10' })], null, 'none'],
    ['older than the failure', [event({ completedAt: 99_999 })], null, 'none'],
    ['off as well', [event({ action: 'off' })], null, 'proof'],
    ['another case of the name', [event({ target: 'Compute-1' })], null, 'proof'],
    [
      'a new one is under way',
      [event({ status: 'pending', completedAt: null }), event({})],
      off(100_000),
      'none',
    ],
    [
      'the last one failed',
      [event({ status: 'failed', completedAt: 101_000 }), event({})],
      off(100_000),
      'none',
    ],
    [
      'failed in the same second, later in the history',
      [event({ status: 'failed' }), event({})],
      null,
      'none',
    ],
    ['failed in the same second, earlier', [event({}), event({ status: 'failed' })], null, 'proof'],
    [
      'an unfencing under way changes nothing',
      [event({ action: 'on', status: 'pending', completedAt: null }), event({})],
      null,
      'proof',
    ],
    ['the node state, when the history was lost', [], off(100_000), 'proof'],
    ['a node state of an earlier failure', [], off(99_000), 'none'],
    ['gone but not fenced', [], off(null), 'none'],
    ['connected', [], { ...off(100_000), present: true }, 'none'],
  ])('%s', (_, events, state, kind) => {
    expect(fencingOf({ node: 'compute-1', events, state }, 100_000).kind).toBe(kind);
  });

  test('a fencing whose later device failed, and the one that worked at last', async () => {
    const failed = await history('history-failed');
    const since = at('12:22:16');
    expect(fencingOf({ node: 'compute-2', events: failed, state: null }, since).kind).toBe('none');
    const settled = failed.filter(({ status }) => status !== 'pending');
    const finding = fencingOf({ node: 'compute-2', events: settled, state: null }, since);
    expect(finding).toMatchObject({
      kind: 'none',
      why: expect.stringContaining('failed') as string,
    });
    const mended = await history('history-failed-then-ok');
    const proof = fencingOf({ node: 'compute-2', events: mended, state: null }, since);
    expect(proof).toMatchObject({ kind: 'proof', proof: { at: at('12:22:23') } });
  });

  test('a confirmation by hand says so', () => {
    const events = [event({ action: 'off', delegate: 'a human', client: 'stonith_admin.99' })];
    expect(fencingOf({ node: 'compute-1', events, state: null }, 0)).toMatchObject({
      proof: { detail: 'confirmed by hand at ctl-2 (stonith_admin.99)' },
    });
  });
});

describe('the port', () => {
  const mark = { ...markedRecord().mark, at: 103_000 };
  const fencing = (over: Partial<Parameters<typeof createPacemakerFencing>[0]>) =>
    createPacemakerFencing({
      cib: { nodeStates: () => Promise.resolve(known([off(100_000)], 1)) },
      history: () => Promise.resolve(known([], 1)),
      now,
      skewMs: 5000,
      ...over,
    });

  test('the tolerated difference of clocks counts', async () => {
    const proof = await fencing({}).proof(asHost('compute-1'), mark);
    expect(proof).toMatchObject({ kind: 'known', value: { source: 'pacemaker', at: 100_000 } });
    const strict = await fencing({ skewMs: 2000 }).proof(asHost('compute-1'), mark);
    expect(strict).toMatchObject({ kind: 'known', value: null });
  });

  test('a host that is no node has no proof here', async () => {
    const proof = await fencing({}).proof(asHost('compute-7'), mark);
    expect(proof).toEqual(known(null, 1000));
  });

  test('what cannot be read is unknown', async () => {
    const away = (): Promise<ReturnType<typeof unknown>> => Promise.resolve(unknown('away'));
    for (const over of [{ history: away }, { cib: { nodeStates: away } }, { hosts: away }]) {
      expect((await fencing(over).proof(asHost('compute-1'), mark)).kind).toBe('unknown');
    }
  });

  test('a node that fits two hosts proves nothing for either', async () => {
    const hosts = (): ReturnType<
      NonNullable<Parameters<typeof createPacemakerFencing>[0]['hosts']>
    > => Promise.resolve(known(['compute-1.a', 'compute-1.b'], 1));
    const proof = await fencing({ hosts }).proof(asHost('compute-1.a'), mark);
    expect(proof).toMatchObject({ kind: 'unknown' });
    const nodes = { 'compute-1.a': 'compute-1' };
    const mapped = await fencing({ hosts, nodes }).proof(asHost('compute-1.a'), mark);
    expect(mapped).toMatchObject({ kind: 'known', value: { at: 100_000 } });
  });

  test('many hosts at once are one look', async () => {
    let looks = 0;
    const cib = {
      nodeStates: () => {
        looks += 1;
        return Promise.resolve(known([off(100_000)], 1));
      },
    };
    const port = fencing({ cib });
    await Promise.all(Array.from({ length: 20 }, () => port.proof(asHost('compute-1'), mark)));
    expect(looks).toBeLessThanOrEqual(2);
  });
});

describe('the return of a node', () => {
  test('is the connection, nothing else', () => {
    const states = new Map(capturedStates('state-fenced').map((state) => [state.node, state]));
    expect(presenceOf(states.get('compute-1') ?? null)).toEqual({
      kind: 'fenced',
      since: 1_795_177_335_000,
    });
    expect(presenceOf(states.get('compute-2') ?? null)).toEqual({ kind: 'connected' });
    expect(presenceOf(off(null))).toEqual({ kind: 'lost' });
    expect(presenceOf(null)).toEqual({ kind: 'foreign' });
  });

  test('by the name of the host', async () => {
    const presence = createPresence({
      cib: { nodeStates: () => Promise.resolve(known(capturedStates('state-fenced'), 1)) },
      now,
    });
    expect(await presence('compute-1.example.com')).toMatchObject({ value: { kind: 'fenced' } });
    expect(await presence('compute-9')).toMatchObject({ value: { kind: 'foreign' } });
  });
});
