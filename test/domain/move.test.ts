import { describe, expect, it } from 'vitest';
import { advanceMove, type MoveFacts } from '../../src/domain/advance-move.ts';
import { classifyMove, moveLedger, wayOf, type MoveRequest } from '../../src/domain/drain.ts';
import type { Progress } from '../../src/domain/evacuation.ts';
import { asEvent, asHost } from '../../src/domain/ids.ts';
import { known, unknown } from '../../src/domain/known.ts';
import {
  drainNote,
  moveNote,
  moveStageOf,
  parseDrainNote,
  parseMoveNote,
  type Move,
} from '../../src/domain/move.ts';
import { parseDisabledReason } from '../../src/domain/mark.ts';
import type { Sighting } from '../../src/domain/observation.ts';
import { applied, refused, uncertain } from '../../src/domain/outcome.ts';
import { DEFAULT_POLICY as P } from '../../src/domain/policy.ts';
import { instanceId, instanceOn } from '../support/cli-world.ts';

const HERE = asHost('compute-1');
const THERE = asHost('compute-2');
const ID = instanceId(1);
const NOW = 1_000_000;

const row = (status: string, change: Partial<Move> = {}): Move => ({
  id: 7,
  instance: ID,
  type: 'live-migration',
  status,
  source: HERE,
  destination: THERE,
  createdAt: '2026-11-20T12:00:00.000000',
  ...change,
});

const at = (host = HERE, vmState = 'active', taskState: string | null = null): Sighting => ({
  id: ID,
  host,
  vmState,
  taskState,
  fault: null,
  faultAt: null,
});

const facts = (change: Partial<MoveFacts> = {}): MoveFacts => ({
  id: ID,
  source: HERE,
  rows: known([], NOW),
  seen: known(at(), NOW),
  failure: unknown('not asked'),
  answer: null,
  ours: true,
  ...change,
});

const PENDING: Progress = { at: 'pending', attempt: 0, after: 0, notBefore: 0, why: null };
const INTENDED: Progress = { at: 'intended', attempt: 1, since: NOW - 1000, after: 0 };
const ACCEPTED: Progress = {
  at: 'accepted',
  attempt: 1,
  since: NOW - 1000,
  after: 0,
  migration: null,
  destination: null,
  looked: 0,
};
const step = (progress: Progress, change: Partial<MoveFacts>): Progress =>
  advanceMove(progress, facts(change), P, NOW);
const codeOf = (progress: Progress): string =>
  'why' in progress ? (progress.why?.code ?? '') : '';

const BOTH: MoveRequest = { instances: null, target: null, ways: 'both' };

describe('who is moved, and how', () => {
  const way = (vmState: string, ways: MoveRequest['ways'] = 'both'): string => {
    const verdict = wayOf({ id: ID, vmState }, { ...BOTH, ways });
    return verdict.verdict === 'move' ? verdict.way : verdict.why.code;
  };

  it('moves what runs live and what is stopped cold', () => {
    expect(['active', 'paused', 'stopped'].map((state) => way(state))).toEqual([
      'live',
      'live',
      'cold',
    ]);
    expect(way('active', 'cold')).toBe('cold');
    expect(way('paused', 'cold')).toBe('NH620');
    expect(way('stopped', 'live-only')).toBe('NH623');
  });

  it.each(['suspended', 'rescued', 'error', 'building', 'shelved'])(
    'leaves %s, and says why',
    (state) => {
      expect(way(state)).toBe('NH620');
    },
  );

  it('leaves what somebody else must confirm, hard affinity, and what was not asked for', () => {
    expect(way('resized')).toBe('NH624');
    const verdict = (change: Partial<MoveRequest>, groups: { policy: string }[]): string => {
      const list = groups.map(({ policy }) => ({ id: 'g', name: 'g', policy, members: [ID] }));
      const found = classifyMove(instanceOn('compute-1', 1), list, { ...BOTH, ...change });
      return found.verdict === 'skip' ? found.why.code : found.way;
    };
    expect(verdict({}, [{ policy: 'affinity' }])).toBe('NH607');
    expect(verdict({}, [{ policy: 'anti-affinity' }])).toBe('live');
    expect(verdict({ instances: [] }, [])).toBe('NH308');
  });

  it('follows what is under way already, and takes up what an earlier run has moved', () => {
    const start = { event: asEvent('e'), by: 'anna', request: BOTH };
    const away = instanceId(2);
    const moves = [
      row('running', { id: 9 }),
      row('finished', { id: 8, instance: away, type: 'migration' }),
      row('finished', { id: 6, instance: instanceId(3), type: 'migration' }),
    ];
    const instances = [instanceOn('compute-1', 1, { taskState: 'migrating' })];
    const asked = new Map([[away, { name: 'db' }]]);
    const ledger = moveLedger(HERE, start, { instances, groups: [], moves }, asked, P, NOW);
    expect(ledger.instances[ID]?.progress).toMatchObject({ at: 'accepted', migration: 9 });
    expect(ledger.instances[away]).toMatchObject({ name: 'db', progress: { migration: 8 } });
    expect(Object.keys(ledger.instances)).toHaveLength(2);
  });
});

describe('how a move goes on', () => {
  it('asks again only when nothing of the earlier request can be at work any more', () => {
    const lost = { answer: uncertain('time-out') };
    expect(step(INTENDED, lost)).toBe(INTENDED);
    expect(step(INTENDED, { ...lost, seen: known(at(HERE, 'active', 'migrating'), NOW) }).at).toBe(
      'accepted',
    );
    const old = { ...INTENDED, since: NOW - P.retry.uncertainMs };
    expect(step(old, lost)).toMatchObject({ at: 'pending', attempt: 1 });
    expect(step(old, { ...lost, rows: unknown('503') })).toBe(old);
    expect(step(old, { ...lost, seen: unknown('503') })).toBe(old);
    const busy = known(at(HERE, 'active', 'migrating'), NOW);
    expect(step({ ...ACCEPTED, since: 0 }, { seen: busy }).at).toBe('stuck');
  });

  it('lands only by record and by place', () => {
    const moved = { rows: known([row('completed')], NOW) };
    expect(step(ACCEPTED, { ...moved, seen: unknown('503') }).at).toBe('arrived');
    expect(step(ACCEPTED, { ...moved, seen: known(at(THERE), NOW) })).toMatchObject({
      at: 'landed',
      destination: 'compute-2',
    });
    expect(step(ACCEPTED, moved).at).toBe('arrived');
    const busy = known(at(THERE, 'active', 'migrating'), NOW);
    expect(step(ACCEPTED, { ...moved, seen: busy }).at).toBe('arrived');
    expect(step(ACCEPTED, { seen: known(null, NOW) })).toEqual({ at: 'gone' });
  });

  it('waits for the confirmation of its own cold migration, and leaves that of others', () => {
    const seen = known(at(THERE, 'resized'), NOW);
    const rows = known([row('finished', { type: 'migration' })], NOW);
    expect(step(ACCEPTED, { rows, seen }).at).toBe('arrived');
    expect(codeOf(step(ACCEPTED, { rows, seen, ours: false }))).toBe('NH624');
    const confirmed = known([row('confirmed', { type: 'migration' })], NOW);
    const landed = step(ACCEPTED, { rows: confirmed, seen: known(at(THERE, 'stopped'), NOW) });
    expect(landed.at).toBe('landed');
  });

  it('tries again after NoValidHost and rollbacks, with limits, but not after ERROR or a cancel', () => {
    const failure = known('No valid host was found.', NOW);
    const failed = { rows: known([row('error')], NOW), failure };
    const again = step(ACCEPTED, failed);
    expect(again).toMatchObject({ at: 'pending', attempt: 1, after: 7 });
    expect(codeOf(again)).toBe('NH626');
    expect(codeOf(step({ ...ACCEPTED, attempt: P.retry.attempts }, failed))).toBe('NH629');
    const error = known(at(HERE, 'error'), NOW);
    expect(codeOf(step(ACCEPTED, { ...failed, seen: error }))).toBe('NH627');
    expect(step(ACCEPTED, { rows: known([row('cancelled')], NOW) }).at).toBe('failed');
    const busy = known(at(HERE, 'active', 'migrating'), NOW);
    expect(step(ACCEPTED, { ...failed, seen: busy }).at).toBe('accepted');
  });

  it('takes refusals for what they are', () => {
    const asked = (cause: Parameters<typeof refused>[0], message = 'no'): Progress =>
      step(INTENDED, { answer: refused(cause, message, 409) });
    expect(asked('not-sent')).toMatchObject({ at: 'pending', attempt: 0 });
    expect(asked('not-nova')).toMatchObject({ at: 'pending', attempt: 0 });
    expect(asked('wrong-state')).toMatchObject({ at: 'pending', attempt: 1 });
    expect(codeOf(asked('wrong-state', 'Instance x is locked'))).toBe('NH622');
    expect(codeOf(asked('bad-request'))).toBe('NH625');
    expect(step(INTENDED, { answer: applied(null) }).at).toBe('accepted');
  });

  it('follows a migration that somebody else has begun', () => {
    const rows = known([row('running')], NOW);
    expect(step(PENDING, { rows })).toMatchObject({ at: 'accepted', migration: 7 });
    expect(step(PENDING, { seen: known(at(THERE), NOW) }).at).toBe('landed');
    expect(step(PENDING, { seen: known(at(THERE), NOW), rows: unknown('503') })).toBe(PENDING);
  });

  it('never moves a word of Nova that nobody knows to an end', () => {
    expect(moveStageOf('running (post-copy)')).toBe('under-way');
    expect(moveStageOf('something new')).toBe('under-way');
  });
});

describe('what a later run reads', () => {
  it('knows our disable again, and takes it for none of an evacuation', () => {
    const text = drainNote({ event: 'E-1', by: 'anna@ctl 1', reason: 'disks: both' });
    expect(parseDrainNote(text)).toEqual({ event: 'E-1', by: 'anna@ctl_1', reason: 'disks: both' });
    expect(parseDrainNote(drainNote({ event: 'E', by: 'x', reason: null }))?.reason).toBeNull();
    expect(parseDisabledReason(text)).toBeNull();
    expect(parseDrainNote('nova-ha: E-1 evacuating')).toBeNull();
    expect(parseDrainNote(null)).toBeNull();
  });

  it('knows what was asked for', () => {
    expect(parseMoveNote(moveNote({ way: 'cold', name: 'a: b' }))).toEqual({
      way: 'cold',
      name: 'a: b',
    });
    expect(parseMoveNote('landed on x')).toBeNull();
  });
});
