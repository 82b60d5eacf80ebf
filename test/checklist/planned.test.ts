import { describe, expect, it } from 'vitest';
import { asInstance } from '../../src/domain/ids.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import { createMoveWorld, flawsOf, MOVE_POLICY } from '../support/sim/move-world.ts';

const MINUTE = 60_000;

/** A world with instances on compute-1, and a drain of it that has ended. */
async function drained(
  vmStates: readonly string[],
  prepare: (world: ReturnType<typeof createMoveWorld>, ids: readonly string[]) => void = () =>
    undefined,
) {
  const world = createMoveWorld({
    policy: { ...MOVE_POLICY, retry: { ...MOVE_POLICY.retry, attempts: 2 } },
  });
  const booted = vmStates.map((vmState) => {
    const [id = ''] = world.cloud.boot({ host: 'compute-1', vmState });
    return { id, vmState };
  });
  prepare(
    world,
    booted.map(({ id }) => id),
  );
  const run = world.startDrain('compute-1');
  await world.pass(30 * MINUTE, () => run.end !== null);
  const { end } = run;
  if (end === null || typeof end === 'string') throw new Error(`the drain ended as ${String(end)}`);
  const progress = booted.map(({ id }) => end.ledger.instances[asInstance(id)]?.progress);
  return { world, booted, end, progress };
}

describe('the checklist, on the planned way', () => {
  it('checklist 40: SHUTOFF restored, ACTIVE untouched', async () => {
    const { world, booted, progress } = await drained(['active', 'stopped', 'paused']);
    expect(progress.map((one) => one?.at)).toEqual(['landed', 'landed', 'landed']);
    expect(booted.map(({ id }) => world.cloud.instance(id).vmState)).toEqual([
      'active',
      'stopped',
      'paused',
    ]);
    expect(flawsOf(world, booted)).toEqual([]);
  });

  it('checklist 41: PAUSED/SUSPENDED/RESIZED policy explicit (I8)', async () => {
    const { progress } = await drained(['suspended', 'resized', 'rescued']);
    expect(progress.map((one) => (one?.at === 'skipped' ? one.why.code : one?.at))).toEqual([
      'NH620',
      'NH624',
      'NH620',
    ]);
  });

  it('checklist 42: migration error/failed/cancelled retried up to a limit; none yet is no error', async () => {
    const { world, booted, progress } = await drained(['active'], ({ cloud }) => {
      for (const host of ['compute-2', 'compute-3', 'compute-4'])
        cloud.setSpawnFailure(host, 'claim');
    });
    const [one] = progress;
    expect(one?.at === 'failed' ? one.why.code : one?.at).toBe('NH629');
    expect(world.cloud.instance(booted[0]?.id ?? '').migrations).toHaveLength(2);
    expect(flawsOf(world, booted)).toEqual([]);
  });

  it('checklist 45: one VM failing does not abort the batch; the result of the host is false', async () => {
    const { progress, end } = await drained(['active', 'suspended', 'stopped']);
    expect(progress.map((one) => one?.at)).toEqual(['landed', 'skipped', 'landed']);
    expect(end.kind).toBe('over');
  });

  it('checklist 46: concurrency limit really enforced', async () => {
    const { world } = await drained(Array.from({ length: 12 }, () => 'active'));
    expect(world.cloud.world.truth.movesPeak).toBeLessThanOrEqual(MOVE_POLICY.pace.inFlight);
    expect(DEFAULT_POLICY.pace.inFlight).toBeGreaterThan(MOVE_POLICY.pace.inFlight);
  });

  it('checklist 49: the operator’s own disable is not hijacked (I4)', async () => {
    const { world } = await drained(['active'], ({ cloud }) => {
      Object.assign(cloud.host('compute-1'), { disabled: true, disabledReason: 'leased line' });
    });
    expect(world.cloud.host('compute-1').disabledReason).toBe('leased line');
  });

  it('a host that dies in the middle is left to the evacuation, and nobody runs twice', async () => {
    const world = createMoveWorld();
    const booted = [1, 2, 3, 4, 5, 6].map(() => {
      const [id = ''] = world.cloud.boot({ host: 'compute-1' });
      return { id, vmState: 'active' };
    });
    const run = world.startDrain('compute-1');
    await world.pass(MINUTE, () => world.cloud.world.truth.moves.size > 2);
    world.cloud.powerOff('compute-1');
    await world.pass(10 * MINUTE, () => run.end !== null);
    expect(run.end).toMatchObject({ kind: 'stopped', why: { code: 'NH610' } });
    expect(world.cloud.doubles()).toEqual([]);
    expect(world.overlaps).toEqual([]);
    expect(booted.some(({ id }) => world.cloud.instance(id).host?.name === 'compute-1')).toBe(true);
  });
});
