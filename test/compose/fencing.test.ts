import { describe, expect, it } from 'vitest';
import { composeFencing } from '../../src/compose-fencing.ts';
import { loadConfig } from '../../src/config/load.ts';
import { asEvent, asHost } from '../../src/domain/ids.ts';
import { known, unknown } from '../../src/domain/known.ts';
import { wholeHost, type Mark } from '../../src/domain/mark.ts';
import type { CloudPart } from '../../src/surfaces/cli/parts.ts';
import { serviceOn } from '../support/cli-world.ts';
import { createIdleClock } from '../support/idle-clock.ts';
import { ended, scriptedExec } from '../support/scripted-exec.ts';

const HOST = asHost('compute-1');
const NOW = 1_795_000_000_000;

const mark: Mark = {
  event: asEvent('e'),
  firstAt: NOW,
  at: NOW,
  origin: 'fence-agent',
  by: 'ctl-1',
  claim: null,
  request: wholeHost,
};

const NODES = `<xpath-query>
  <node_state uname="ctl-1" in_ccm="true"/>
  <node_state uname="node-17" remote_node="true" in_ccm="false" node_fenced="${String(NOW / 1000)}"/>
</xpath-query>`;
const HISTORY = (events: string): string =>
  `<pacemaker-result><fence_history>${events}</fence_history></pacemaker-result>`;
const FENCED = `<fence_event action="off" target="node-17" client="stonith_admin.1" origin="ctl-1" delegate="ctl-1" status="success" completed="2026-11-18 11:06:41Z"/>`;

function stage(yaml: string, programs: readonly string[] = ['cibadmin', 'pcs']) {
  const outcome = loadConfig({
    env: {},
    file: 'c',
    options: [],
    home: '/',
    isRoot: true,
    readFile: () => ({ kind: 'text', text: yaml }),
  });
  if (outcome.kind === 'wrong') throw new Error(outcome.problems.join('\n'));
  const clock = createIdleClock(NOW);
  const script = scriptedExec();
  const looks = { count: 0, away: false };
  const cloud = {
    kind: 'ok',
    compute: {
      fleet: () => {
        looks.count += 1;
        const services = new Map(['compute-1', 'compute-2'].map((h) => [asHost(h), serviceOn(h)]));
        return Promise.resolve(
          looks.away
            ? unknown('Nova is away')
            : known({ services, conductorsUp: 1, schedulersUp: 1 }, NOW),
        );
      },
    },
  } as unknown as CloudPart;
  const parts = composeFencing({
    settings: outcome.config.settings,
    clock,
    cloud: () => Promise.resolve(cloud),
    exec: script.exec,
    has: (program) => programs.includes(program),
  });
  return { parts, script, looks };
}

const MAPPED = 'pacemaker: {nodes: {compute-1: node-17}}\n';
const POWER = 'power: [{hosts: [compute-1], agent: fence_virsh}]\n';

describe('the sources of proofs', () => {
  it('are none where Pacemaker is not installed and no power agent is configured', async () => {
    const { parts, script } = stage('', []);
    expect(await parts.fencing.proof(HOST, mark)).toMatchObject({ kind: 'known', value: null });
    expect(parts.switches).toEqual([]);
    expect(parts.lookout).toBeNull();
    expect(await parts.cluster.configuration()).toEqual(unknown('Pacemaker is not installed here'));
    expect(script.calls).toEqual([]);
  });

  it('are Pacemaker where its tools are found, with the operator’s map of names', async () => {
    const { parts, script, looks } = stage(MAPPED);
    script.when('cibadmin', ended(NODES)).when('--history', ended(HISTORY('')));
    const proof = await parts.fencing.proof(HOST, mark);
    expect(proof).toMatchObject({ value: { source: 'pacemaker', at: NOW } });
    await parts.fencing.proof(asHost('compute-2'), mark);
    expect(looks.count).toBe(1);
    expect(parts.lookout).not.toBeNull();
  });

  it('are Pacemaker only as far as Nova’s names are known', async () => {
    const { parts, script, looks } = stage(MAPPED);
    script.when('cibadmin', ended(NODES)).when('--history', ended(HISTORY('')));
    looks.away = true;
    expect(await parts.fencing.proof(HOST, mark)).toEqual(unknown('Nova is away'));
  });

  it('are both when both are there, in the order of fence.proof', () => {
    expect(stage(POWER).parts.switches.map(({ source }) => source)).toEqual(['pacemaker', 'power']);
    const { parts } = stage(`${POWER}fence: {proof: [power, mark, pacemaker]}`);
    expect(parts.switches.map(({ source }) => source)).toEqual(['power', 'pacemaker']);
  });

  it('are left out when fence.proof does not believe them, or Pacemaker is off', async () => {
    expect(stage(`${POWER}fence: {proof: [mark]}`).parts.switches).toEqual([]);
    const { parts } = stage('pacemaker: {enabled: off}');
    expect(parts.switches).toEqual([]);
    expect(await parts.cluster.configuration()).toEqual(unknown('pacemaker.enabled is off'));
    expect(stage('pacemaker: {enabled: on}', []).parts.switches).toHaveLength(1);
  });

  it('ask a power agent, and know the tool of the cluster', async () => {
    const { parts, script } = stage(POWER, ['crm']);
    script.when('fence_virsh', ended('', 2));
    expect(await parts.fencing.proof(HOST, mark)).toMatchObject({ value: { source: 'power' } });
    expect(parts.cluster.dialect).toBe('crm');
    expect(stage('', ['crm', 'pcs']).parts.cluster.dialect).toBe('pcs');
  });
});

describe('switching off through Pacemaker', () => {
  const ready = () => {
    const world = stage(MAPPED);
    world.script.when('cibadmin', ended(NODES)).when('--history', ended(HISTORY(FENCED)));
    const [off] = world.parts.switches;
    if (off === undefined) throw new Error('nobody switches off');
    return { ...world, off };
  };

  it('fences the node and reads the proof back', async () => {
    const { off, script } = ready();
    script.when('--fence', ended(''));
    expect(await off.objection(HOST)).toBeNull();
    expect(await off.off(HOST)).toMatchObject({
      kind: 'applied',
      value: { source: 'pacemaker', detail: expect.stringContaining('stonith "off"') as string },
    });
    expect(script.calls.find(({ args }) => args.includes('--fence'))?.args).toEqual([
      '--fence',
      'node-17',
      '--timeout',
      '120',
    ]);
  });

  it('does not believe a success that the history does not show', async () => {
    const { off, script } = ready();
    script.when('--fence', ended('')).when('--history', ended(HISTORY('')));
    expect(await off.off(HOST)).toMatchObject({ kind: 'uncertain' });
  });

  it('is refused or uncertain as the tool says', async () => {
    const { off, script } = ready();
    script.when('--fence', ended('', 102));
    expect(await off.off(HOST)).toMatchObject({ kind: 'refused' });
    script.when('--fence', ended('', 1, 'No route to host'));
    expect(await off.off(HOST)).toMatchObject({
      kind: 'uncertain',
      why: expect.stringContaining('No route to host') as string,
    });
  });

  it('objects to a host that is no node, and to a cluster that does not answer', async () => {
    const { off, script } = ready();
    expect(await off.objection(asHost('compute-2'))).toMatch(
      /Pacemaker knows no node of compute-2/,
    );
    expect(await off.off(asHost('compute-2'))).toMatchObject({ kind: 'refused' });
    script.when('cibadmin', ended('', 102));
    expect(await off.objection(HOST)).toMatch(/Pacemaker does not run on this machine/);
    expect(script.calls.some(({ args }) => args.includes('--fence'))).toBe(false);
  });
});
