import { describe, expect, it } from 'vitest';
import type { ClusterConfiguration } from '../../../src/domain/cluster.ts';
import { known } from '../../../src/domain/known.ts';
import { createCliWorld } from '../../support/cli-world.ts';

const CLUSTER: ClusterConfiguration = {
  members: ['ctl-1'],
  remotes: ['compute-1'],
  devices: [],
  levels: [],
  resources: [],
  fencingEnabled: true,
  fencingTimeoutMs: 60_000,
  recheckMs: 60_000,
};

describe('pacemaker', () => {
  it('prints the commands for the nodes of the running cluster', async () => {
    const world = createCliWorld();
    world.cluster = known(CLUSTER, 0);
    const { exit, out, err } = await world.run('pacemaker');
    expect([exit, err]).toEqual(['done', '']);
    expect(out).toContain('pcs stonith level add 1 compute-1 power-compute-1 fence-nova');
    expect(out).toContain('config=/etc/nova-ha/config.yaml');
    expect((await world.run('pacemaker', '--crm')).out).toContain('crm configure load update -');
  });

  it('takes the nodes that are given, also without a cluster', async () => {
    const world = createCliWorld();
    const { exit, out } = await world.run('pacemaker', 'c-1', 'c-2', '--controller', 'ctl-9');
    expect(exit).toBe('done');
    expect(out).toContain('pcs stonith level add 1 c-2 power-c-2 fence-nova');
    expect(out).toContain('pcs node attribute ctl-9 osprole=controller');
  });

  it('asks for the names that it cannot find', async () => {
    const world = createCliWorld();
    for (const args of [[], ['c-1'], ['--controller', 'ctl-1']]) {
      const { exit, out, err } = await world.run('pacemaker', ...args);
      expect([exit, out]).toEqual(['usage', '']);
      expect(err).toMatch(
        /Pacemaker is not installed here\); name them: nova-ha pacemaker --contr/,
      );
    }
    world.cluster = known({ ...CLUSTER, remotes: [] }, 0);
    expect((await world.run('pacemaker')).err).toContain('it has no remote nodes yet');
  });

  it('refuses both tools at once, and names that a shell would take apart', async () => {
    const world = createCliWorld();
    expect((await world.run('pacemaker', '--pcs', '--crm', 'c-1')).exit).toBe('usage');
    expect((await world.run('pacemaker', 'c-1;reboot')).err).toContain('cannot contain ";"');
  });
});

describe('pacemaker --check', () => {
  it('names each difference with its consequence, the gravest first', async () => {
    const world = createCliWorld();
    world.cluster = known({ ...CLUSTER, recheckMs: 900_000 }, 0);
    const { exit, out } = await world.run('pacemaker', '--check');
    expect(exit).toBe('failed');
    const words = out
      .split('\n')
      .flatMap((line) => /^(unsafe|broken|slow)\b/.exec(line)?.[1] ?? []);
    expect(words[0]).toBe('unsafe');
    expect(words.at(-1)).toBe('slow');
    expect(out).toMatch(
      /^unsafe {2}compute-1 has no fencing topology\n {8}Consequence: .*\n {8}Remedy: /m,
    );
    const json = JSON.parse((await world.run('pacemaker', '--check', '--json')).out) as {
      readonly sound: boolean;
      readonly differences: readonly unknown[];
    };
    expect(json.sound).toBe(false);
    expect(json.differences).toHaveLength(words.length);
  });

  it('says why there is nothing to check', async () => {
    const { exit, err } = await createCliWorld().run('pacemaker', '--check');
    expect(exit).toBe('failed');
    expect(err).toBe(
      'nova-ha: there is no cluster to be checked: Pacemaker is not installed here\n',
    );
  });
});
