import { describe, expect, it } from 'vitest';
import type { Evacuation, Tracked } from '../../../src/domain/evacuation.ts';
import { asHost } from '../../../src/domain/ids.ts';
import { known, unknown } from '../../../src/domain/known.ts';
import { because } from '../../../src/domain/reason.ts';
import { createCliWorld, instanceId, serviceOn, trackedAt } from '../../support/cli-world.ts';

const HOST = asHost('compute-1');

const withInstances =
  (phase: Evacuation['phase'], ...progress: readonly Tracked['progress'][]) =>
  (before: Evacuation): Evacuation => ({
    ...before,
    phase,
    instances: Object.fromEntries(
      progress.map((at, n) => [instanceId(n + 1), trackedAt(`vm-${String(n + 1)}`, at)]),
    ),
  });

const landed = {
  at: 'landed',
  destination: asHost('compute-2'),
  since: 0,
  restored: 'as-it-was',
} as const;
const failed = {
  at: 'failed',
  attempt: 5,
  why: because('NH403', { attempt: 5, detail: 'no' }),
} as const;

/** A world in which the background worker does its work at once. */
function worldThat(work: (before: Evacuation) => Evacuation) {
  const world = createCliWorld();
  world.background = () => {
    void world.change(HOST, work);
    return { kind: 'started', ended: Promise.resolve(0), log: '/log' };
  };
  return world;
}

describe('evacuate refuses', () => {
  it('a host that Nova does not know, and names those that are near', async () => {
    const { exit, err } = await createCliWorld().run('evacuate', 'compute-11', '--confirm-fenced');
    expect(exit).toBe('refused');
    expect(err).toMatch(
      /^NH103 refused: .* compute-11\. Did you mean "compute-1" or "compute-2"\? Remedy: /,
    );
  });

  it('a short name where Nova has the long one, and names it', async () => {
    const world = createCliWorld();
    world.services = [serviceOn('compute-1.example.com')];
    expect((await world.run('evacuate', 'compute-1')).err).toContain(
      'Did you mean "compute-1.example.com"?',
    );
  });

  it('a host that Nova shows as up', async () => {
    const world = createCliWorld();
    const { exit, err } = await world.run('evacuate', 'compute-2', '--confirm-fenced');
    expect(exit).toBe('refused');
    expect(err).toMatch(/^NH602 refused: /);
    expect(world.started).toEqual([]);
  });

  it('a host that nobody proves off', async () => {
    const world = createCliWorld();
    for (const proof of [known(null, 0), unknown('no answer')]) {
      world.proof = proof;
      const { exit, err } = await world.run('evacuate', 'compute-1');
      expect(exit).toBe('refused');
      expect(err).toMatch(/^NH601 refused: compute-1 is not proven off\. Remedy: power it off/);
    }
    expect(await world.memory.read(HOST)).toMatchObject({ value: null });
  });

  it('a proof from before, since the host may have been started again', async () => {
    const world = createCliWorld();
    world.proof = known({ source: 'power', at: world.clock.now() - 600_000, detail: 'off' }, 0);
    expect((await world.run('evacuate', 'compute-1')).exit).toBe('refused');
  });

  it('a host in a cell that cannot be reached', async () => {
    const world = createCliWorld();
    world.services = [{ host: HOST, state: 'unknown' }];
    const { exit, err } = await world.run('evacuate', 'compute-1', '--confirm-fenced', '--force');
    expect(exit).toBe('refused');
    expect(err).toMatch(/^NH104 refused: /);
  });
});

describe('evacuate', () => {
  it('marks in the operator’s name, starts a worker and watches to the end', async () => {
    const world = worldThat(withInstances('settled', landed, landed));
    const { exit, out, err } = await world.run('evacuate', 'compute-1', '--confirm-fenced');
    expect(exit).toBe('done');
    expect(world.started).toEqual([['worker', '--only', 'compute-1', '--until-settled']]);
    const read = await world.memory.read(HOST);
    expect(read).toMatchObject({
      value: {
        evacuation: {
          mark: {
            by: 'anna@ctl-1',
            origin: 'operator',
            claim: { source: 'operator', detail: 'confirmed by anna@ctl-1' },
          },
        },
      },
    });
    expect(out).toMatch(/^\S+Z compute-1 vm-1: landed on compute-2$/m);
    expect(err).toContain('compute-1 is evacuated: 2/2.');
    expect(world.closed).toBe(1);
  });

  it('takes a proof of power instead of the operator’s word', async () => {
    const world = worldThat(withInstances('settled', landed));
    world.proof = known({ source: 'power', at: world.clock.now() + 1000, detail: 'off' }, 0);
    expect((await world.run('evacuate', 'compute-1')).exit).toBe('done');
  });

  it('goes on with a host that Nova still shows up when both options insist', async () => {
    const world = createCliWorld();
    const args = ['evacuate', 'compute-2', '--confirm-fenced', '--force', '--no-wait'];
    const { exit, err } = await world.run(...args);
    expect(exit).toBe('done');
    expect(err).toContain('nova-ha status compute-2 --watch');
  });

  it('joins an evacuation that is under way with a proof', async () => {
    const world = createCliWorld();
    await world.run('evacuate', 'compute-1', '--confirm-fenced', '--no-wait');
    await world.change(HOST, (before) => ({ ...before, proof: before.mark.claim }));
    const { exit, err } = await world.run(
      'evacuate',
      'compute-1',
      '--no-wait',
      '--target-host',
      'x',
    );
    expect(exit).toBe('done');
    expect(err).toContain('is marked as failed already');
    expect(err).toContain('--target-host change nothing');
  });

  it.each([
    ['failed', withInstances('settled', landed, failed)],
    ['failed', withInstances('settled', { at: 'skipped', why: because('NH305') })],
    ['done', withInstances('settled', { at: 'skipped', why: because('NH308') }, { at: 'gone' })],
    ['failed', withInstances('evacuating', landed, { ...stuck() })],
  ] as const)('ends with %s, case %#', async (expected, work) => {
    const { exit } = await worldThat(work).run('evacuate', 'compute-1', '--confirm-fenced');
    expect(exit).toBe(expected);
  });

  it('prints JSON for machines, a document per line', async () => {
    const world = worldThat(withInstances('settled', landed, failed));
    const { out, exit } = await world.run('evacuate', 'compute-1', '--confirm-fenced', '--json');
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(lines).toContainEqual(expect.objectContaining({ schema: 1, what: 'landed' }));
    expect(lines.at(-1)).toMatchObject({
      schema: 1,
      kind: 'summary',
      exit: 'failed',
      exit_code: 1,
      host: 'compute-1',
      counts: { landed: 1, failed: 1 },
      instances: [{ name: 'vm-1' }, { name: 'vm-2', code: 'NH403' }],
    });
    expect(exit).toBe('failed');
  });

  it('stops watching at Ctrl-C, never the evacuation', async () => {
    const world = createCliWorld();
    world.background = () => {
      world.interrupt();
      return { kind: 'started', ended: Promise.resolve(0), log: '/log' };
    };
    const { exit, err } = await world.run('evacuate', 'compute-1', '--confirm-fenced');
    expect(exit).toBe('pending');
    expect(err).toContain('Stopped watching; the evacuation of compute-1 goes on');
    expect(await world.memory.read(HOST)).toMatchObject({ value: { version: 1 } });
  });

  it('stops watching when the time is up', async () => {
    const world = createCliWorld();
    const { exit } = await world.run(
      'evacuate',
      'compute-1',
      '--confirm-fenced',
      '--timeout',
      '5m',
    );
    expect(exit).toBe('pending');
  });

  it('says when the background worker dies, and that the mark stands', async () => {
    const world = createCliWorld();
    world.background = () => ({ kind: 'started', ended: Promise.resolve(4), log: '/log' });
    const { exit, err } = await world.run('evacuate', 'compute-1', '--confirm-fenced');
    expect(exit).toBe('failed');
    expect(err).toContain('the background worker ended early (4); see /log');
    expect(err).toContain('The mark stands');
  });

  it('says on a terminal that the store is away, in one line that fits', async () => {
    const world = createCliWorld();
    const many = Array.from({ length: 60 }, () => landed);
    await world.run('mark', 'compute-1');
    await world.change(HOST, withInstances('evacuating', ...many));
    let reads = 0;
    const read: typeof world.memory.read = async (host) => {
      reads += 1;
      if (reads === 2) return unknown(`no quorum ${'x'.repeat(200)}`);
      if (reads === 3) await world.change(HOST, withInstances('settled', ...many));
      return world.memory.read(host);
    };
    world.store = { ...world.memory, read };
    world.isTty = true;
    expect((await world.run('status', 'compute-1', '--watch')).exit).toBe('done');
    const told = world.frames.filter((frame) => frame.includes('The store does not answer'));
    expect(told.length).toBeGreaterThan(0);
    for (const frame of told) {
      const lines = frame.replaceAll(/\u001b\[\d+m/g, '').split('\n');
      expect(lines.length).toBeLessThan(24);
      expect(lines.at(-1)?.length).toBeLessThanOrEqual(100);
    }
  });

  it('draws a table on a terminal, without colours under NO_COLOR', async () => {
    const world = worldThat(withInstances('settled', landed, failed));
    world.isTty = true;
    world.env = { ...world.env, NO_COLOR: '1' };
    await world.run('evacuate', 'compute-1', '--confirm-fenced');
    const frame = world.frames.at(-1) ?? '';
    expect(frame).toContain('████████████');
    expect(frame).toMatch(/vm-2 .* failed .*\n {2}Remedy: mend the cause/);
    expect(frame).not.toContain('\u001b');
  });
});

function stuck(): Tracked['progress'] {
  return {
    at: 'stuck',
    attempt: 1,
    since: 0,
    after: 0,
    migration: 7,
    destination: asHost('compute-2'),
    why: because('NH406', { destination: 'compute-2', time: '15 min 00 s' }),
  };
}
