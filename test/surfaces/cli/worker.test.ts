import { describe, expect, it } from 'vitest';
import type { ClusterConfiguration } from '../../../src/domain/cluster.ts';
import { asHost, asWorker } from '../../../src/domain/ids.ts';
import { known, unknown } from '../../../src/domain/known.ts';
import type { Lookout } from '../../../src/engine/ports.ts';
import { createCliWorld } from '../../support/cli-world.ts';

const HOST = asHost('compute-1');

const quiet: Lookout = {
  unmarked: () => Promise.resolve(known({ failures: [], problems: [] }, 0)),
  failing: () => Promise.resolve(known([], 0)),
};

describe('worker --once', () => {
  it('marks what Pacemaker has fenced without a mark', async () => {
    const world = createCliWorld();
    const at = world.clock.now() - 60_000;
    const proof = { source: 'pacemaker', at, detail: 'stonith "off" by ctl-2' } as const;
    const failures = [{ host: HOST, at, detail: 'Pacemaker fenced it', proof }];
    world.lookout = {
      ...quiet,
      unmarked: () => Promise.resolve(known({ failures, problems: [] }, 0)),
    };
    await world.run('worker', '--once');
    expect(await world.memory.read(HOST)).toMatchObject({
      value: { evacuation: { mark: { origin: 'pacemaker', at, claim: proof } } },
    });
  });

  it('is refused while another worker has a store that takes one only', async () => {
    const world = createCliWorld();
    world.store = {
      ...world.memory,
      capability: 'single-writer',
      lease: () => Promise.resolve(known({ kind: 'held', by: asWorker('ctl-2:7') }, 0)),
    };
    const { exit, err } = await world.run('worker', '--once');
    expect(exit).toBe('refused');
    expect(err).toBe(
      'nova-ha: refused: the worker ctl-2:7 works on this store, which takes one only\n',
    );
  });

  it('gives such a store back', async () => {
    const world = createCliWorld();
    world.store = { ...world.memory, capability: 'single-writer' };
    for (const exit of ['done', 'done'])
      expect((await world.run('worker', '--once')).exit).toBe(exit);
  });
});

describe('doctor', () => {
  const CLUSTER: ClusterConfiguration = {
    members: ['ctl-1'],
    remotes: ['compute-1'],
    devices: [],
    levels: [],
    resources: [],
    fencingEnabled: false,
    fencingTimeoutMs: 60_000,
    recheckMs: 60_000,
  };

  it('asks Pacemaker where there is one, and points to the check of its configuration', async () => {
    const world = createCliWorld();
    expect((await world.run('doctor')).out).not.toContain('Pacemaker');
    world.lookout = quiet;
    world.cluster = known(CLUSTER, 0);
    const { exit, out } = await world.run('doctor');
    expect(exit).toBe('done');
    expect(out).toMatch(
      /^ok {5}Pacemaker\n {7}warning: stonith-enabled is false: .* more\. See nova-ha pacemaker --check$/m,
    );
  });

  it('fails for a Pacemaker that does not answer only where there must be one', async () => {
    const world = createCliWorld();
    world.lookout = quiet;
    world.cluster = unknown('Pacemaker does not run on this machine');
    expect((await world.run('doctor')).exit).toBe('done');
    const { exit, out } = await world.run('doctor', '--set', 'pacemaker.enabled=on');
    expect(exit).toBe('failed');
    expect(out).toMatch(/^wrong {2}Pacemaker\n {7}Pacemaker does not run on this machine$/m);
  });
});
