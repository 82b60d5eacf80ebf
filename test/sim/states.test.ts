import { describe, expect, it } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import { tracked, type Evacuation, type Progress } from '../../src/domain/evacuation.ts';
import { violations } from '../../src/domain/invariants.ts';
import { known } from '../../src/domain/known.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.ts';
import { fail, play, type Play } from '../support/sim/stage.ts';
import type { Universe } from '../support/sim/universe.ts';

const RESET: Partial<Policy> = {
  states: {
    ...DEFAULT_POLICY.states,
    paused: 'reset-and-evacuate',
    suspended: 'reset-and-evacuate',
    rescued: 'reset-and-evacuate',
  },
};
const RESTORE: Partial<Policy> = {
  storage: { ...DEFAULT_POLICY.storage, kind: 'local', localDisk: 'restore' },
};

const victimsOf = (universe: Universe): readonly string[] =>
  universe.cloud.guests().map((guest) => guest.instanceId);

/** Gives the instances these states, and locks the first one as its owner would. */
function inStates(universe: Universe, states: readonly string[]): void {
  const ids = victimsOf(universe);
  for (const [index, vmState] of states.entries()) {
    universe.cloud.setInstanceState(ids[index] ?? '', { vmState });
  }
  const [first] = universe.cloud.world.instances.ordered;
  if (first !== undefined) Object.assign(first, { lockedBy: 'owner', lockedReason: 'mine' });
}

/** A snapshot of every instance, an hour old. */
function withSnapshots(universe: Universe): void {
  for (const id of victimsOf(universe)) {
    universe.cloud.createImage(`nightly of ${id}`, {
      id: `snap-${id}`,
      visibility: 'private',
      createdAtMs: universe.clock.now() - 3_600_000,
      properties: { instance_uuid: id, image_type: 'snapshot' },
    });
  }
}

/** The next request of a kind has a fate of its own; with `kill` the worker dies right after it. */
function meet(universe: Universe, action: string, fate: 'late' | 'unanswered' | 'lost' | 'kill') {
  universe.weather.fate = (process, { method, body }) => {
    const isIt = typeof body === 'object' && body !== null && action in body;
    if (method !== 'POST' || !isIt) return null;
    delete universe.weather.fate;
    if (fate !== 'kill') return fate;
    process.kill();
    universe.startWorker('worker-2');
    return null;
  };
}

const FATES = ['late', 'unanswered', 'lost', 'kill'] as const;

describe('states that are reset', () => {
  const script = (universe: Universe): void => {
    inStates(universe, ['paused', 'suspended', 'rescued', 'stopped', 'error']);
    fail(universe);
  };

  it('F15, checklist 39 to 41: all of them move, end as they should, and keep their locks', async () => {
    const { universe, victims, truth, asserted } = await play({ script, policy: RESET });
    expect([asserted, truth]).toEqual(['', []]);
    const ends = victims.map((id) => universe.cloud.instance(id));
    expect(ends.map(({ vmState }) => vmState)).toEqual([
      'stopped',
      'stopped',
      'active',
      'stopped',
      'active',
      'active',
    ]);
    expect(ends.every(({ host }) => host?.name !== 'compute-1')).toBe(true);
    expect(ends[0]).toMatchObject({ lockedBy: 'owner', lockedReason: 'mine' });
  });

  it('checklist 41, I8: without the policy they stay, each with one reason', async () => {
    const { universe, truth } = await play({ script });
    expect(truth).toEqual([]);
    const record = (await universe.record('compute-1'))?.evacuation;
    const codes = Object.values(record?.instances ?? {}).map(({ progress }) =>
      progress.at === 'skipped' ? progress.why.code : progress.at,
    );
    expect(codes.filter((code) => code === 'NH301')).toHaveLength(3);
  });

  it.each(FATES)('nothing is hit when a reset is %s', async (fate) => {
    const { universe, victims, truth, asserted } = await play({
      policy: RESET,
      script: (world) => {
        script(world);
        meet(world, 'os-resetState', fate);
      },
    });
    expect([asserted, truth]).toEqual(['', []]);
    for (const id of victims) {
      expect(universe.cloud.instance(id).host?.name).not.toBe('compute-1');
    }
  });

  it('evacuated to be stopped, all end stopped', async () => {
    const policy = { states: { ...DEFAULT_POLICY.states, startAfter: 'never' } } as const;
    const { universe, victims, truth } = await play({ policy });
    expect(truth).toEqual([]);
    for (const id of victims) expect(universe.cloud.instance(id).vmState).toBe('stopped');
  });
});

describe('instances that are recreated', () => {
  const script = (universe: Universe): void => {
    withSnapshots(universe);
    fail(universe);
  };

  it('have the disk of their snapshot, and were rebuilt once', async () => {
    const { universe, victims, truth, asserted } = await play({ script, policy: RESTORE });
    expect([asserted, truth]).toEqual(['', []]);
    for (const id of victims) {
      const { disk, vmState, actions } = universe.cloud.instance(id);
      expect([disk, vmState]).toEqual([`snap-${id}`, 'active']);
      expect(actions.filter(({ action }) => action === 'rebuild')).toHaveLength(1);
    }
  });

  it('F6: without a snapshot they stay, and nothing is lost', async () => {
    const { universe, victims } = await play({ policy: RESTORE });
    for (const id of victims) expect(universe.cloud.evacuatePosts(id)).toHaveLength(0);
    const record = (await universe.record('compute-1'))?.evacuation;
    const codes = Object.values(record?.instances ?? {}).map(({ progress }) =>
      progress.at === 'skipped' ? progress.why.code : progress.at,
    );
    expect(codes).toEqual(victims.map(() => 'NH328'));
  });

  it.each(FATES)('are never rebuilt over new data when a rebuild is %s', async (fate) => {
    const { universe, victims, truth, asserted } = await play({
      policy: RESTORE,
      script: (world) => {
        script(world);
        meet(world, 'rebuild', fate);
      },
    });
    expect([asserted, truth]).toEqual(['', []]);
    for (const id of victims) expect(universe.cloud.instance(id).disk).toBe(`snap-${id}`);
  });
});

/** Changes the progress of every instance of a record. */
const everyProgress = (
  record: Evacuation,
  change: (progress: Progress) => Progress,
): Evacuation => ({
  ...record,
  instances: Object.fromEntries(
    tracked(record).map(([id, entry]) => [id, { ...entry, progress: change(entry.progress) }]),
  ),
});

const BROKEN: readonly (Pick<Play, 'script' | 'policy'> & {
  readonly invariant: string;
  readonly how: string;
  readonly shows: string;
  readonly decide: typeof decide;
})[] = [
  {
    invariant: 'NothingRebuiltTwice',
    how: 'rebuilds what it has rebuilt',
    shows: 'a rebuild destroys new data',
    policy: RESTORE,
    script: (universe) => {
      withSnapshots(universe);
      fail(universe);
    },
    decide: (record, observation, policy, now) => {
      const decision = decide(record, observation, policy, now);
      const again = tracked(decision.next).flatMap(([instance, { progress, restore }]) =>
        progress.at === 'landed' && restore !== undefined
          ? [{ do: 'rebuild', instance, attempt: 2, image: restore.image } as const]
          : [],
      );
      return { ...decision, actions: [...decision.actions, ...again] };
    },
  },
  {
    invariant: 'OneFlight',
    how: 'resets what is in flight',
    shows: 'a reset hits an evacuation',
    policy: RESET,
    script: (universe) => {
      inStates(universe, ['paused', 'paused']);
      fail(universe);
    },
    decide: (record, observation, policy, now) => {
      const blind = { ...observation, migrations: known([], now) };
      const stuck = everyProgress(record, (progress) =>
        progress.at === 'accepted'
          ? { at: 'pending', attempt: 0, after: 0, notBefore: now, why: null }
          : progress,
      );
      const decision = decide(stuck, blind, policy, now);
      const resets = tracked(record).flatMap(([instance, { progress }]) =>
        progress.at === 'accepted' ? [{ do: 'reset-state', instance, attempt: 0 } as const] : [],
      );
      return { ...decision, actions: [...resets, ...decision.actions] };
    },
  },
];

describe('a core that breaks the promises on states', () => {
  it.each(BROKEN)('$invariant: one that $how is stopped by an assertion', async (broken) => {
    const core = { decide: broken.decide, violations };
    const { asserted } = await play({ ...broken, mutant: { core } });
    expect(asserted).not.toBe('');
  });

  it.each(BROKEN)('$invariant: one that $how, with no assertion, shows', async (broken) => {
    const core = { decide: broken.decide, violations: () => [] };
    const { truth } = await play({ ...broken, mutant: { core } });
    expect(truth).toContain(broken.shows);
  });
});
