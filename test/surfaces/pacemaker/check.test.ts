import { expect, test } from 'vitest';
import type { ClusterConfiguration, ClusterResource } from '../../../src/domain/cluster.ts';
import { checkCluster } from '../../../src/surfaces/pacemaker/check.ts';
import { commandsFor, wishFrom, type Dialect } from '../../../src/surfaces/pacemaker/commands.ts';

const resource = (over: Partial<ClusterResource>): ClusterResource => ({
  id: 'x',
  agent: 'ocf:pacemaker:Dummy',
  cloned: false,
  requires: null,
  reconnectMs: null,
  monitorMs: 10_000,
  failureTimeoutMs: 60_000,
  located: true,
  ...over,
});

const power = (node: string): ClusterConfiguration['devices'][number] => ({
  id: `ipmi-${node}`,
  agent: 'fence_ipmilan',
  nodes: [node],
  plug: null,
  providesUnfencing: false,
  offTimeoutMs: null,
});

const remote = (id: string): ClusterResource =>
  resource({ id, agent: 'ocf:pacemaker:remote', reconnectMs: 60_000 });

/** A cluster as it should be. */
const good: ClusterConfiguration = {
  members: ['ctl-1', 'ctl-2', 'ctl-3'],
  remotes: ['compute-1', 'compute-2'],
  devices: [
    {
      id: 'fence-nova',
      agent: 'fence_nova',
      nodes: ['compute-1', 'compute-2'],
      plug: null,
      providesUnfencing: true,
      offTimeoutMs: null,
    },
    ...['ctl-1', 'ctl-2', 'ctl-3', 'compute-1', 'compute-2'].map(power),
  ],
  levels: ['compute-1', 'compute-2'].map((target) => ({
    target,
    index: 1,
    devices: [`ipmi-${target}`, 'fence-nova'],
  })),
  resources: [
    remote('compute-1'),
    remote('compute-2'),
    resource({ id: 'nova-evacuate', agent: 'ocf:nova-ha:NovaEvacuate' }),
    resource({ id: 'compute-unfence-trigger', requires: 'unfencing', cloned: true }),
  ],
  fencingEnabled: true,
  fencingTimeoutMs: 60_000,
  recheckMs: 60_000,
};

const withoutResource = (id: string): ClusterConfiguration => ({
  ...good,
  resources: good.resources.filter((one) => one.id !== id),
});
const withResource = (id: string, over: Partial<ClusterResource>): ClusterConfiguration => ({
  ...good,
  resources: good.resources.map((one) => (one.id === id ? { ...one, ...over } : one)),
});
const withLevel = (devices: readonly string[]): ClusterConfiguration => ({
  ...good,
  levels: good.levels.map((level) =>
    level.target === 'compute-1' ? { ...level, devices } : level,
  ),
});
const withMarking = (
  over: Partial<ClusterConfiguration['devices'][number]>,
): ClusterConfiguration => ({
  ...good,
  devices: good.devices.map((one) => (one.id === 'fence-nova' ? { ...one, ...over } : one)),
});

test('a good cluster has no difference', () => {
  expect(checkCluster(good)).toEqual([]);
});

test('neither has one that still marks with fence_compute', () => {
  expect(checkCluster(withMarking({ agent: 'fence_compute' }))).toEqual([]);
});

test.each<[string, ClusterConfiguration, 'unsafe' | 'broken' | 'slow', string]>([
  ['fencing is off', { ...good, fencingEnabled: false }, 'broken', 'stonith-enabled is false'],
  [
    'nothing marks',
    { ...good, devices: good.devices.slice(1) },
    'broken',
    'no fencing device uses',
  ],
  ['a host is not named', withMarking({ nodes: ['compute-2'] }), 'broken', 'names compute-1'],
  [
    'a device that marks one host for all nodes',
    withMarking({ plug: 'compute-1' }),
    'unsafe',
    'fence-nova acts on compute-1 whichever',
  ],
  [
    'no topology',
    { ...good, levels: good.levels.slice(1) },
    'unsafe',
    'compute-1 has no fencing topology',
  ],
  ['a level without power', withLevel(['fence-nova']), 'unsafe', 'cuts nothing off'],
  [
    'a level in the wrong order',
    withLevel(['fence-nova', 'ipmi-compute-1']),
    'unsafe',
    'before it cuts',
  ],
  ['a level without mark', withLevel(['ipmi-compute-1']), 'broken', 'no device that marks'],
  ['no unfencing', withMarking({ providesUnfencing: false }), 'broken', 'provides=unfencing'],
  ['no trigger', withoutResource('compute-unfence-trigger'), 'broken', 'no cloned resource'],
  [
    'a trigger on one node',
    withResource('compute-unfence-trigger', { cloned: false }),
    'broken',
    'no cloned',
  ],
  [
    'a controller without power device',
    { ...good, devices: good.devices.filter(({ id }) => id !== 'ipmi-ctl-2') },
    'broken',
    'ctl-2 has no fencing device',
  ],
  [
    'a remote without monitor',
    withResource('compute-2', { monitorMs: null }),
    'broken',
    'compute-2 has no recurring',
  ],
  [
    'a remote without pause',
    withResource('compute-2', { reconnectMs: null }),
    'slow',
    'reconnect_interval',
  ],
  [
    'a worker that is never forgiven',
    withResource('nova-evacuate', { failureTimeoutMs: null }),
    'broken',
    'nova-evacuate has no failure-timeout',
  ],
  ['no worker', withoutResource('nova-evacuate'), 'broken', 'no resource ocf:nova-ha'],
  [
    'the old worker',
    withResource('nova-evacuate', { agent: 'ocf:openstack:NovaEvacuate' }),
    'broken',
    'uses ocf:openstack',
  ],
  ['several workers', withResource('nova-evacuate', { cloned: true }), 'unsafe', 'several workers'],
  [
    'a worker anywhere',
    withResource('nova-evacuate', { located: false }),
    'broken',
    'location constraint',
  ],
  [
    'a worker unwatched',
    withResource('nova-evacuate', { monitorMs: null }),
    'broken',
    'nova-evacuate has no recurring',
  ],
  ['too little time', withMarking({ offTimeoutMs: 8000 }), 'slow', '8 s for its off'],
  ['a long pause', { ...good, recheckMs: 900_000 }, 'slow', 'cluster-recheck-interval is 15 min'],
])('%s', (_, cluster, severity, what) => {
  const [first] = checkCluster(cluster).filter((difference) => difference.what.includes(what));
  expect(first).toMatchObject({ severity });
  expect(first?.consequence.length).toBeGreaterThan(20);
  expect(first?.remedy).not.toBe('');
});

test('levels that are bound to a pattern are not judged', () => {
  const level = { target: null, index: 1, devices: ['ipmi', 'fence-nova'] };
  const differences = checkCluster({ ...good, levels: [level] });
  expect(differences.filter(({ what }) => what.includes('topology'))).toEqual([]);
});

const bare: ClusterConfiguration = { ...good, devices: [], levels: [], resources: [], remotes: [] };
const roles = { controllers: ['ctl-1'], computes: ['compute-1', 'compute-2'] };
const config = '/etc/nova-ha/config.yaml';

test.each<Dialect>(['pcs', 'crm'])('the commands for a bare cluster: %s', (dialect) => {
  expect(commandsFor(wishFrom(bare, { dialect, config, roles }))).toMatchSnapshot();
});

test.each<Dialect>(['pcs', 'crm'])('what is there is used: %s', (dialect) => {
  const text = commandsFor(wishFrom(good, { dialect, config }));
  expect(text).toMatch(/compute-1:? ipmi-compute-1[ ,]fence-nova/);
  expect(text).not.toContain('fence_ipmilan');
  expect(text).not.toContain('add-remote');
  expect(text).not.toContain('ocf:pacemaker:remote');
  expect(text).not.toMatch(/password=/);
});
