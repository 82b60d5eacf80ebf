import { expect, it } from 'vitest';
import { createClusterGlance } from '../../src/adapters/cluster-glance.ts';
import type { Command, ExecOutcome } from '../../src/adapters/exec.ts';

const answering = (code: number, stdout: string) => {
  const commands: Command[] = [];
  const outcome: ExecOutcome = { kind: 'exited', code, stdout, stderr: '' };
  const glance = createClusterGlance((command) => {
    commands.push(command);
    return Promise.resolve(outcome);
  });
  return { glance, commands };
};

const state = (member: string): string =>
  `<node_state id="compute-2" remote_node="true" uname="compute-2" in_ccm="${member}" crm-debug-origin="x" node_fenced="0"/>`;

it.each([
  ['true', true],
  ['1795170713', true],
  ['false', false],
  ['0', false],
] as const)('reads in_ccm="%s"', async (member, expected) => {
  const { glance, commands } = answering(0, state(member));
  expect(await glance.isConnected('compute-2')).toBe(expected);
  expect(commands[0]?.args).toEqual([
    '-Q',
    '--no-children',
    '--xpath',
    "//node_state[@uname='compute-2']",
  ]);
});

it('does not know where the tools do not tell', async () => {
  expect(await answering(105, '').glance.isConnected('compute-2')).toBeNull();
  const nothing = { unclean: [], stoppedWorker: null };
  expect(await answering(102, '').glance.outstanding()).toEqual(nothing);
  const none = createClusterGlance(() => Promise.resolve({ kind: 'not-started', why: 'absent' }));
  expect(await none.isConnected('x')).toBeNull();
  expect(await none.outstanding()).toEqual(nothing);
});

it('finds the nodes that are connected', async () => {
  const other = '<node_state id="ctl-1" uname="ctl-1" in_ccm="false" crmd="offline"/>';
  const { glance } = answering(0, `<xpath-query>${state('true')}${other}</xpath-query>`);
  expect(await glance.connected()).toEqual(['compute-2']);
  expect(await answering(102, '').glance.connected()).toEqual([]);
});

it('finds the nodes that wait for their fencing', async () => {
  const xml = `<nodes>
    <node name="ctl-1" id="1" online="true" unclean="false" type="member"/>
    <node name="ctl-3" id="3" online="false" standby="false" unclean="true" type="member"/>
    <node name="compute-3" id="compute-3" online="true" unclean="true" type="remote"/>
  </nodes>`;
  const { unclean } = await answering(0, xml).glance.outstanding();
  expect(unclean).toEqual(['ctl-3', 'compute-3']);
});

it.each([
  ['Started', 'true', null],
  ['Stopped', 'false', 'nova-evacuate'],
] as const)('sees a worker that is %s', async (role, active, stopped) => {
  const xml = `<resources>
    <resource id="power-1" resource_agent="stonith:fence_ipmilan" role="Stopped" active="false"/>
    <resource id="nova-evacuate" resource_agent="ocf:nova-ha:NovaEvacuate" role="${role}" active="${active}" managed="true"/>
  </resources>`;
  expect((await answering(0, xml).glance.outstanding()).stoppedWorker).toBe(stopped);
});
