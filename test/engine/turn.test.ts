import { describe, expect, it } from 'vitest';
import { UNWATCHED, type Evacuation, type Progress } from '../../src/domain/evacuation.ts';
import { asWorker, type InstanceId } from '../../src/domain/ids.ts';
import { known, unknown } from '../../src/domain/known.ts';
import { watchLife } from '../../src/domain/life.ts';
import { refused, uncertain, type WriteOutcome } from '../../src/domain/outcome.ts';
import { createFleetCache } from '../../src/engine/fleet-cache.ts';
import { perform } from '../../src/engine/perform.ts';
import type { Compute } from '../../src/engine/ports.ts';
import { BrokenInvariant, takeTurn, type TurnParts } from '../../src/engine/turn.ts';
import {
  evacuating,
  fleet,
  H1,
  H2,
  H3,
  INTENDED,
  isolated,
  PENDING,
  service,
  T0,
  vm,
} from '../support/domain.ts';
import {
  createFakeCompute,
  createParts,
  createStandingClock,
  withWrites,
  type ToldWrite,
} from '../support/engine.ts';

const always = (): boolean => true;
const yes = { mayAct: always, isFresh: always };
const send = (n: number) =>
  ({ do: 'evacuate', instance: vm(n), attempt: 1, target: null }) as const;
type Posted = WriteOutcome<{ readonly requestId: string | null }>;

/** A turn of the worker that holds the lease on a record. */
async function turnOf(
  record: Evacuation,
  change: {
    writes?: ToldWrite[];
    compute?: Partial<Compute>;
    core?: TurnParts['core'];
    epoch?: number;
  } = {},
) {
  const writes = change.writes ?? [];
  const parts = createParts({
    store: (sound) => withWrites(sound, writes),
    ...(change.compute === undefined ? {} : { compute: change.compute }),
  });
  await parts.memory.write({ version: 0, epoch: null }, record);
  const grant = await parts.memory.lease(H1, asWorker('w1'), 15_000);
  const held = grant.kind === 'known' && grant.value.kind === 'granted' ? grant.value.epoch : -1;
  const core = change.core === undefined ? {} : { core: change.core };
  const tenure = { epoch: change.epoch ?? held, mayAct: always };
  const run = () => takeTurn({ ...parts, ...core }, H1, tenure, []);
  const stored = async () => {
    const read = await parts.memory.read(H1);
    return read.kind === 'known' ? read.value : null;
  };
  return { parts, tenure, run, stored };
}

describe('a turn', () => {
  it('makes the intents durable before anything leaves', async () => {
    const seen: (string | undefined)[] = [];
    const { run, stored } = await turnOf(evacuating([PENDING]), {
      compute: {
        evacuate: async (id: InstanceId) => {
          seen.push((await stored())?.evacuation.instances[id]?.progress.at);
          return { kind: 'applied', value: { requestId: 'req' } };
        },
      },
    });
    const done = await run();
    expect(seen).toEqual(['intended']);
    expect(done).toMatchObject({
      kind: 'done',
      answers: [{ attempt: 1, outcome: { kind: 'applied' } }],
    });
  });

  it.each<readonly [string, ToldWrite, string]>([
    [
      'refused: somebody else has changed it',
      { done: false, told: refused('wrong-state', 'v2') },
      'again',
    ],
    ['not sent', { done: false, told: refused('not-sent', 'away') }, 'unreachable'],
    ['without an answer, done', { done: true, told: uncertain('no answer') }, 'unreachable'],
    ['without an answer, not done', { done: false, told: uncertain('no answer') }, 'unreachable'],
  ])('whose write is %s does nothing', async (_name, write, kind) => {
    const { run, parts } = await turnOf(evacuating([PENDING]), { writes: [write] });
    expect((await run()).kind).toBe(kind);
    expect(parts.compute.calls.filter((call) => call.startsWith('evacuate'))).toEqual([]);
  });

  it('of a worker that has lost the lease does not even look', async () => {
    const { run, parts } = await turnOf(evacuating([PENDING]), { epoch: 0 });
    expect((await run()).kind).toBe('lost');
    expect(parts.compute.calls).toEqual([]);
  });

  it('without a store, or without a record, says so', async () => {
    const parts = createParts();
    const tenure = { epoch: 1, mayAct: always };
    expect(await takeTurn(parts, H1, tenure, [])).toMatchObject({ kind: 'done', wakeAt: null });
    const away = { ...parts.store, read: () => Promise.resolve(unknown('away')) };
    const told = await takeTurn({ ...parts, store: away }, H1, tenure, []);
    expect(told).toMatchObject({
      kind: 'unreachable',
      sentence: 'The store does not answer: away',
    });
  });

  it('that breaks an invariant ends the worker before anything is written', async () => {
    const { run, stored } = await turnOf(evacuating([PENDING]), {
      core: {
        decide: (record) => ({ next: { ...record, host: H2 }, actions: [], wakeAt: T0 }),
        violations: () => [{ invariant: 'MarkSurvives', detail: 'the mark was exchanged' }],
      },
    });
    await expect(run()).rejects.toThrow(BrokenInvariant);
    expect((await stored())?.version).toBe(1);
  });

  it('writes nothing when nothing has changed', async () => {
    const life = watchLife(UNWATCHED, isolated(), false, T0);
    const { run, stored } = await turnOf(evacuating([INTENDED], { life }), {
      compute: { evacuationsFrom: () => Promise.resolve(unknown('503')) },
    });
    await run();
    expect((await stored())?.version).toBe(1);
  });

  it('looks again at once when a request was refused', async () => {
    const { run } = await turnOf(evacuating([PENDING]), {
      compute: { evacuate: () => Promise.resolve(refused('service-up', 'still in use', 400)) },
    });
    expect((await run()).wakeAt).toBe(T0);
  });

  it('spreads many requests over the time in which as many arrive', async () => {
    const landed: Progress = { at: 'landed', destination: H2, since: T0, restored: 'as-it-was' };
    const waiting = Array.from({ length: 7 }, () => PENDING);
    const record = evacuating([landed, landed, ...waiting], { phaseSince: T0 - 1000 });
    const { parts, tenure } = await turnOf(record);
    const waits: number[] = [];
    const clock = {
      ...parts.clock,
      sleep: (lengthMs: number) => Promise.resolve(void waits.push(Math.round(lengthMs))),
    };
    const done = await takeTurn({ ...parts, clock }, H1, tenure, []);
    expect(done.answers).toHaveLength(7);
    // Two arrive in a second, so seven in 3.5 s; four start together.
    expect(waits).toEqual([700, 1400, 2100]);
  });

  it('has its sentence', async () => {
    const { run } = await turnOf(evacuating([PENDING, { at: 'gone' }]));
    expect((await run()).sentence).toBe('compute-1 evacuating: 0/2 moved, 1 in flight');
  });
});

describe('performing', () => {
  const parts = (compute: Partial<Compute> = {}) => createParts({ compute });
  const posting = (outcome: Posted): Partial<Compute> => ({
    evacuate: () => Promise.resolve(outcome),
  });

  it.each<readonly [string, Posted]>([
    ['applied', { kind: 'applied', value: { requestId: 'req-1' } }],
    ['refused', refused('wrong-state', 'vm_state paused', 409)],
    ['uncertain', uncertain('time-out')],
  ])('tells what came of a request: %s', async (_name, outcome) => {
    const answers = await perform(parts(posting(outcome)), H1, [send(1)], yes);
    expect(answers).toEqual([{ instance: vm(1), attempt: 1, outcome }]);
  });

  it('sends no more at once than the policy says', async () => {
    let flying = 0;
    let most = 0;
    const waiting: (() => void)[] = [];
    const slow = parts({
      evacuate: () => {
        flying += 1;
        most = Math.max(most, flying);
        return new Promise((resolve) => {
          waiting.push(() => {
            flying -= 1;
            resolve({ kind: 'applied', value: { requestId: null } });
          });
        });
      },
    });
    const policy = { ...slow.policy, pace: { ...slow.policy.pace, posts: 3 } };
    const done = perform({ ...slow, policy }, H1, [1, 2, 3, 4, 5, 6, 7].map(send), yes);
    for (let i = 0; i < 7; i += 1) {
      waiting.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await done).toHaveLength(7);
    expect(most).toBe(3);
  });

  it.each(['mayAct', 'isFresh'] as const)(
    'stops in the middle when %s ends; the rest was not sent',
    async (which) => {
      const given = parts();
      let asked = 0;
      // Asked before the action and (by the adapter) once more before the request leaves.
      const until = (): boolean => (asked += 1) <= 2;
      const policy = { ...given.policy, pace: { ...given.policy.pace, posts: 1 } };
      const allowed = { ...yes, [which]: until };
      const answers = await perform({ ...given, policy }, H1, [1, 2, 3].map(send), allowed);
      const kinds = answers.map(({ outcome }) => outcome.kind);
      expect(kinds).toContain('refused');
      expect(answers).toHaveLength(3);
      expect(given.compute.calls.filter((call) => call.startsWith('evacuate')).length).toBeLessThan(
        3,
      );
      expect(given.log.lines.join()).toContain('nothing more is done');
    },
  );

  it('forgets the list of services after a change of its own, and says what went wrong', async () => {
    const change = { do: 'change-service', service: 'id', change: { forcedDown: true } } as const;
    for (const outcome of [refused('guard', 'done records remain', 400), uncertain('time-out')]) {
      const given = parts({ changeService: () => Promise.resolve(outcome) });
      await given.fleet.read(60_000);
      expect(await perform(given, H1, [change], yes)).toEqual([]);
      await given.fleet.read(60_000);
      expect(given.compute.calls.filter((call) => call === 'fleet')).toHaveLength(2);
      expect(given.log.lines).toHaveLength(1);
    }
  });

  it('hands the right to act on with every change, which may wait for a token', async () => {
    const asked: string[] = [];
    let may = true;
    const note = (call: string) => (_: unknown, __: unknown, mayLeave?: () => boolean) => {
      may = false;
      asked.push(`${call} ${String(mayLeave?.())}`);
      may = true;
      return Promise.resolve(uncertain('time-out'));
    };
    const given = parts({
      changeService: note('change'),
      joinAggregate: note('join'),
      leaveAggregate: note('leave'),
      stop: (id, mayLeave) => note('stop')(id, null, mayLeave),
    });
    const change = { forcedDown: true };
    const host = H2;
    const actions = [
      { do: 'change-service', service: 'id', change },
      { do: 'change-reserve', host, service: 'id', change: { status: 'enabled' } },
      { do: 'join-aggregate', host, aggregate: 7 },
      { do: 'leave-aggregate', host, aggregate: 7 },
      { do: 'stop', instance: vm(1) },
    ] as const;
    for (const action of actions) await perform(given, H1, [action], { ...yes, mayAct: () => may });
    expect(asked).toEqual(['change', 'change', 'join', 'leave', 'stop'].map((x) => `${x} false`));
  });

  it('looks once more before it writes over what an operator may have done', async () => {
    const action = {
      do: 'change-service',
      service: 'id',
      change: { status: 'enabled' },
      expected: { status: 'disabled', disabledReason: 'nova-ha: ev-1 evacuated' },
    } as const;
    const asked = async (disabledReason: string) => {
      const seen = fleet([isolated(H1, { disabledReason })]);
      const given = parts({ fleet: () => Promise.resolve(known(seen, T0)) });
      // Younger than anything that was kept.
      await given.fleet.read(0);
      given.clock.pass(1);
      await perform(given, H1, [action], yes);
      return given.compute.calls.filter((call) => call.startsWith('change'));
    };
    expect(await asked('nova-ha: ev-1 evacuated')).toHaveLength(1);
    expect(await asked('maintenance, anna')).toEqual([]);
  });

  it('stops a guest again, and only says so when that fails', async () => {
    const given = parts({ stop: () => Promise.resolve(uncertain('time-out')) });
    expect(await perform(given, H1, [{ do: 'stop', instance: vm(1) }], yes)).toEqual([]);
    expect(given.log.lines[0]).toContain('could not be stopped again');
  });
});

describe('the list of services', () => {
  it('is read once for all who ask while it is young', async () => {
    const clock = createStandingClock();
    const compute = createFakeCompute();
    const cache = createFleetCache(compute, clock);
    await Promise.all([cache.read(1000), cache.read(1000), cache.read(0)]);
    clock.pass(1000);
    await cache.read(1000);
    expect(compute.calls).toHaveLength(1);
    clock.pass(1);
    await cache.read(1000);
    expect(compute.calls).toHaveLength(2);
  });

  it('is as old as its question, not as its answer', async () => {
    const clock = createStandingClock();
    const compute = createFakeCompute({
      fleet: () => {
        clock.pass(5000);
        return Promise.resolve(known(fleet([service(H3)]), T0));
      },
    });
    const cache = createFleetCache(compute, clock);
    await cache.read(0);
    let asked = false;
    const again = createFleetCache(
      { ...compute, fleet: () => ((asked = true), compute.fleet()) },
      clock,
    );
    await again.read(0);
    asked = false;
    await again.read(4999);
    expect(asked).toBe(true);
  });

  it('is never kept when it could not be read, nor after a change of ours', async () => {
    const clock = createStandingClock();
    let calls = 0;
    const compute = createFakeCompute({
      fleet: () => {
        calls += 1;
        return Promise.resolve(calls === 1 ? unknown('503') : known(fleet([isolated()]), T0));
      },
    });
    const cache = createFleetCache(compute, clock);
    expect((await cache.read(9999)).kind).toBe('unknown');
    expect((await cache.read(9999)).kind).toBe('known');
    cache.forget();
    await cache.read(9999);
    expect(calls).toBe(3);
  });
});
