import { expect, test } from 'vitest';
import { createCib } from '../../../src/adapters/pacemaker/cib.ts';
import { readConfiguration } from '../../../src/adapters/pacemaker/configuration.ts';
import type { ClusterConfiguration } from '../../../src/domain/cluster.ts';
import { checkCluster } from '../../../src/surfaces/pacemaker/check.ts';
import { ended, scriptedExec } from '../../support/scripted-exec.ts';
import { captured } from './captured.ts';

async function configurationOf(xml: string): Promise<ClusterConfiguration> {
  const exec = scriptedExec().when('cibadmin', ended(xml)).exec;
  const answer = await readConfiguration(createCib({ exec, now: () => 1 }));
  if (answer.kind === 'unknown') throw new Error(answer.why);
  return answer.value;
}

test('a real configuration, without its passwords', async () => {
  const cluster = await configurationOf(captured('configuration'));
  expect(cluster.members).toEqual(['ctl-1', 'ctl-2', 'ctl-3']);
  expect(cluster.remotes).toEqual(['compute-1', 'compute-2', 'compute-3']);
  expect(cluster.devices).toHaveLength(7);
  expect(cluster.devices[0]).toEqual({
    id: 'fence-nova',
    agent: 'fence_nova_stub',
    nodes: ['compute-1', 'compute-2', 'compute-3'],
    plug: null,
    providesUnfencing: true,
    offTimeoutMs: null,
  });
  expect(cluster.levels).toContainEqual({
    target: 'compute-2',
    index: 1,
    devices: ['power-compute-2', 'fence-nova'],
  });
  expect(cluster.resources.find(({ id }) => id === 'compute-unfence-trigger')).toMatchObject({
    requires: 'unfencing',
    cloned: true,
    located: true,
    monitorMs: 10_000,
  });
  expect(cluster.resources.find(({ id }) => id === 'compute-1')).toMatchObject({
    agent: 'ocf:pacemaker:remote',
    reconnectMs: 10_000,
  });
  expect(cluster).toMatchObject({
    fencingEnabled: true,
    fencingTimeoutMs: 60_000,
    recheckMs: 60_000,
  });
  expect(JSON.stringify(cluster)).not.toContain('secret');
});

test('with the names of our agents in the place of the stubs it is as it should be', async () => {
  const xml = captured('configuration')
    .replaceAll('fence_nova_stub', 'fence_nova')
    .replace(
      'provider="openstack" type="NovaEvacuateStub"',
      'provider="nova-ha" type="NovaEvacuate"',
    )
    .replace(
      '</rsc_defaults>',
      '<meta_attributes id="o"><nvpair name="failure-timeout" value="60s"/></meta_attributes></rsc_defaults>',
    );
  expect(checkCluster(await configurationOf(xml))).toEqual([]);
});

test('so is one that was made by the pcs commands that we print', async () => {
  expect(checkCluster(await configurationOf(captured('configuration-pcs')))).toEqual([]);
});

test('host maps, lengths of time, groups and defaults', async () => {
  const cluster = await configurationOf(`<configuration>
    <crm_config><cluster_property_set id="a">
      <nvpair name="stonith-enabled" value="False"/><nvpair name="stonith-timeout" value="2min"/>
    </cluster_property_set></crm_config>
    <nodes><node id="1" uname="c"/><node id="r" uname="r" type="remote"/></nodes>
    <resources>
      <primitive id="d" class="stonith" type="fence_nova"><instance_attributes id="i">
        <nvpair name="pcmk_host_map" value="a:a.example.com;b:b.example.com"/>
        <nvpair name="port" value="a"/>
        <nvpair name="pcmk_off_timeout" value="90"/></instance_attributes></primitive>
      <clone id="k"><meta_attributes id="m"><nvpair name="requires" value="unfencing"/></meta_attributes>
        <group id="g"><primitive id="p" class="ocf" provider="x" type="Y"/></group></clone>
      <primitive id="q" class="systemd" type="nova-ha"><operations>
        <op name="start" interval="0" requires="unfencing"/><op name="monitor" interval="1500ms"/>
      </operations></primitive>
    </resources>
    <constraints><rsc_location rsc="k"/></constraints>
    <rsc_defaults><meta_attributes id="o"><nvpair name="failure-timeout" value="2min"/></meta_attributes></rsc_defaults>
    <fencing-topology><fencing-level target-pattern="c.*" index="2" devices="d,e"/></fencing-topology>
  </configuration>`);
  expect(cluster).toMatchObject({
    members: ['c'],
    fencingEnabled: false,
    fencingTimeoutMs: 120_000,
    recheckMs: 900_000,
    devices: [{ nodes: ['a', 'b'], plug: 'a', offTimeoutMs: 90_000 }],
    levels: [{ target: null, index: 2, devices: ['d', 'e'] }],
  });
  expect(cluster.resources).toEqual([
    expect.objectContaining({ id: 'p', cloned: true, located: true, requires: 'unfencing' }),
    expect.objectContaining({
      agent: 'systemd:nova-ha',
      requires: 'unfencing',
      monitorMs: 1500,
      failureTimeoutMs: 120_000,
      located: false,
    }),
  ]);
});

test('an empty answer is unknown', async () => {
  const exec = scriptedExec().when('cibadmin', ended('', 105)).exec;
  const answer = await readConfiguration(createCib({ exec, now: () => 1 }));
  expect(answer.kind).toBe('unknown');
});
