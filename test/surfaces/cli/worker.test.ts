import { describe, expect, it } from 'vitest';
import type { ClusterConfiguration } from '../../../src/domain/cluster.ts';
import { asHost, asWorker } from '../../../src/domain/ids.ts';
import { known, unknown } from '../../../src/domain/known.ts';
import { parseNovaTime } from '../../../src/domain/time.ts';
import type { Lookout } from '../../../src/engine/ports.ts';
import { createCliWorld, serviceOn } from '../../support/cli-world.ts';

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

  it('says which nova-compute died although its host was not reported', async () => {
    const world = createCliWorld();
    world.newestReport = parseNovaTime('2026-11-20T11:07:00.000000') ?? 0;
    world.services[1] = { ...serviceOn('compute-2'), updatedAt: '2026-11-20T11:06:59.000000' };
    await world.run('worker', '--once');
    const { out } = await world.run('status');
    expect(out).toMatch(/^NH224 the nova-compute of compute-1 is silent for 7 min 00 s, .* 2 inst/);
    expect(out).toContain('Remedy: start nova-compute on compute-1');
    const { silent } = JSON.parse((await world.run('status', '--json')).out) as {
      silent: object[];
    };
    expect(silent).toMatchObject([{ host: 'compute-1', code: 'NH224' }]);
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
