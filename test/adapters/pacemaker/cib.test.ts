import { expect, test } from 'vitest';
import type { Exec } from '../../../src/adapters/exec.ts';
import { createAttributes } from '../../../src/adapters/pacemaker/attributes.ts';
import { createCib } from '../../../src/adapters/pacemaker/cib.ts';
import { createMarkTable, type MarkTable } from '../../../src/adapters/pacemaker/mark-table.ts';
import { known } from '../../../src/domain/known.ts';
import { ended, scriptedExec } from '../../support/scripted-exec.ts';
import { captured, capturedStates } from './captured.ts';

const now = (): number => 1000;

const tableOver = (exec: Exec, quorum: () => boolean = () => true): MarkTable =>
  createMarkTable({
    cib: createCib({ exec, now }),
    membership: { quorum: () => Promise.resolve(known(quorum(), 1)) },
  });

test('the state of members and remote nodes', () => {
  const states = capturedStates('state-fenced');
  expect(states).toHaveLength(6);
  expect(states.find(({ node }) => node === 'compute-1')).toEqual({
    node: 'compute-1',
    remote: true,
    present: false,
    fencedAt: 1_795_177_335_000,
  });
  expect(states.find(({ node }) => node === 'compute-2')).toMatchObject({
    remote: true,
    present: true,
    fencedAt: null,
  });
  expect(states.find(({ node }) => node === 'ctl-1')).toMatchObject({
    remote: false,
    present: true,
  });
});

test('one node comes without a list around it, and newer Pacemakers count seconds', async () => {
  const script = scriptedExec().when(
    'node_state',
    ended('<node_state id="1" uname="ctl-1" in_ccm="1795170713" crmd="1795170714"/>\n'),
  );
  const cib = createCib({ exec: script.exec, now });
  expect(await cib.nodeStates()).toEqual({
    kind: 'known',
    at: 1000,
    value: [{ node: 'ctl-1', remote: false, present: true, fencedAt: null }],
  });
});

test.each([
  ['no such object is an empty answer', ended('', 105, 'Call cib_query failed'), 'known', ''],
  ['a cluster that is down', ended('', 102, 'Connection refused'), 'unknown', 'does not run'],
  ['no permission', ended('', 4, 'Permission denied'), 'unknown', 'as root'],
  ['another failure', ended('', 70, 'it broke\nbadly'), 'unknown', 'it broke'],
  ['half an answer', ended('<xpath-query>'), 'unknown', 'no XML'],
  ['a time-out', { kind: 'uncertain', why: 'killed after 5 s' }, 'unknown', 'killed'],
  [
    'no tools',
    { kind: 'not-started', why: 'cibadmin is not installed here' },
    'unknown',
    'pacemaker-cli-utils',
  ],
] as const)('a read: %s', async (_, outcome, kind, why) => {
  const cib = createCib({ exec: scriptedExec().when('cibadmin', outcome).exec, now });
  const answer = await cib.query('//node_state');
  expect(answer.kind).toBe(kind);
  if (answer.kind === 'unknown') expect(answer.why).toContain(why);
  else expect(answer.value).toEqual([]);
});

test.each([
  [ended(''), { kind: 'applied' }],
  [ended('', 105), { kind: 'refused', refusal: { cause: 'wrong-state' } }],
  [ended('', 102), { kind: 'refused', refusal: { cause: 'not-sent' } }],
  [ended('', 106), { kind: 'refused', refusal: { cause: 'not-sent' } }],
  [ended('', 4), { kind: 'refused', refusal: { cause: 'forbidden' } }],
  [ended('', 124), { kind: 'uncertain' }],
  [ended('', 1), { kind: 'uncertain' }],
  [{ kind: 'uncertain', why: 'killed' } as const, { kind: 'uncertain' }],
  [
    { kind: 'not-started', why: 'gone' } as const,
    { kind: 'refused', refusal: { cause: 'not-sent' } },
  ],
])('a change: %o', async (outcome, expected) => {
  const cib = createCib({ exec: scriptedExec().when('cibadmin', outcome).exec, now });
  expect(await cib.modify('//x', '<x/>')).toMatchObject(expected);
});

test('the table reads its own entries', async () => {
  const exec = scriptedExec().when('cibadmin --query', ended(captured('table'))).exec;
  const table = tableOver(exec);
  const read = await table.read();
  expect(read.kind === 'known' && [...read.value]).toEqual([
    ['compute-1', 'cnt:45'],
    ['x', 'a "b" <c> & d'],
  ]);
});

test('a swap names the old value, and sends the new one on standard input', async () => {
  const script = scriptedExec().when('cibadmin --modify', ended(''));
  const table = tableOver(script.exec);
  expect(await table.swap('compute-1', 'v1:1:old', 'v1:2:"<&')).toMatchObject({ kind: 'applied' });
  const [call] = script.calls;
  expect(call?.args.join(' ')).toContain("[@id='nova-ha-mark-compute-1' and @value='v1:1:old']");
  expect(call?.args.join(' ')).not.toContain('v1:2');
  expect(call?.stdin).toBe('<nvpair id="nova-ha-mark-compute-1" value="v1:2:&#34;&#60;&#38;"/>');
});

test('the first entry makes the set, and a second writer of it is refused', async () => {
  let sets = 0;
  const script = scriptedExec()
    .when('--modify', () => ended('', sets === 0 ? 105 : 0))
    .when('--create', () => {
      sets += 1;
      return ended('');
    });
  const table = tableOver(script.exec);
  expect((await table.swap('a', null, 'v')).kind).toBe('applied');
  expect(script.calls.map(({ args }) => args[0])).toEqual(['--modify', '--create', '--modify']);
  script.when('--modify', ended('', 105));
  expect(await table.swap('a', null, 'v')).toMatchObject({
    kind: 'refused',
    refusal: { cause: 'wrong-state' },
  });
});

test('names and old values that would break out of an XPath are refused', async () => {
  const script = scriptedExec().when('', ended(''));
  const table = tableOver(script.exec);
  for (const name of ["a']", 'a b', 'a"', '']) {
    expect((await table.swap(name, null, 'v')).kind).toBe('refused');
  }
  expect((await table.swap('a', `'"`, 'v')).kind).toBe('refused');
  expect(script.calls).toEqual([]);
});

test('nothing is written without quorum', async () => {
  const script = scriptedExec().when('cibadmin', ended(''));
  const outcome = await tableOver(script.exec, () => false).swap('a', null, 'v');
  expect(outcome).toMatchObject({ kind: 'refused', refusal: { cause: 'not-sent' } });
  expect(script.calls).toEqual([]);
});

test('a write during which the quorum was lost is uncertain', async () => {
  const answers = [true, false];
  const script = scriptedExec().when('cibadmin', ended(''));
  const outcome = await tableOver(script.exec, () => answers.shift() ?? false).swap('a', null, 'v');
  expect(outcome).toMatchObject({ kind: 'uncertain' });
});

test('attributes: values by node, none, and what is wrong', async () => {
  const script = scriptedExec().when('attrd_updater', ended(captured('attr-fenced')));
  const attributes = createAttributes({ exec: script.exec, now });
  const all = await attributes.all('evacuate');
  expect(all.kind === 'known' && [...all.value]).toEqual([['compute-1', 'yes']]);
  script.when('attrd_updater', ended('', 78, 'attribute does not exist'));
  expect(await attributes.all('evacuate')).toMatchObject({ kind: 'known', value: new Map() });
  script.when('attrd_updater', ended('', 102));
  expect((await attributes.all('evacuate')).kind).toBe('unknown');
  expect(await attributes.set('a', 'b')).toMatchObject({ kind: 'refused' });
});

test('attributes are private, and set on this node unless another is named', async () => {
  const script = scriptedExec().when('attrd_updater', ended(''));
  const attributes = createAttributes({ exec: script.exec, now });
  await attributes.set('evacuate', 'yes', 'compute-1');
  await attributes.set('nova-ha-worker', 'x');
  expect(script.calls.map(({ args }) => args.join(' '))).toEqual([
    '-p -n evacuate -N compute-1 -U yes',
    '-p -n nova-ha-worker -U x',
  ]);
});

test('where we are: name and quorum', async () => {
  const script = scriptedExec()
    .when('crm_node --name', ended('ctl-1\n'))
    .when('crm_node --quorum', ended('0\n', 106));
  const attributes = createAttributes({ exec: script.exec, now });
  expect(await attributes.here()).toMatchObject({ value: { node: 'ctl-1', quorum: false } });
});
