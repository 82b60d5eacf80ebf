import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { loadConfig, type ConfigSources } from '../../src/config/load.ts';
import { showValue } from '../../src/config/table.ts';

const FILE = '/etc/nova-ha/config.yaml';

const load = (yaml: string, change: Partial<ConfigSources> = {}) =>
  loadConfig({
    env: {},
    file: null,
    options: [],
    home: '/home/anna',
    isRoot: true,
    readFile: (path) => (path === FILE ? { kind: 'text', text: yaml } : { kind: 'absent' }),
    ...change,
  });

function configOf(yaml: string, change: Partial<ConfigSources> = {}): Config {
  const outcome = load(yaml, change);
  if (outcome.kind === 'wrong') throw new Error(outcome.problems.join('\n'));
  return outcome.config;
}

function problemsOf(yaml: string, change: Partial<ConfigSources> = {}): readonly string[] {
  const outcome = load(yaml, change);
  return outcome.kind === 'wrong' ? outcome.problems : [];
}

const POWER = `power:
  - hosts: [compute-1*, "rack2-??"]
    agent: fence_ipmilan
    options:
      ip: "{short}-bmc"
      lanplus: 1
      privlvl: operator
      verbose: true
      password: hunter2
    options-file: /etc/nova-ha/bmc
    timeout: 30s
  - hosts: "*"
    agent: fence_redfish
`;

describe('power agents', () => {
  it('get their options as they are written: outlet 1.10 is not outlet 1.1', () => {
    const yaml = POWER.replace('lanplus: 1', 'plug: 1.10\n      login: 0042');
    expect(configOf(yaml).settings.power[0]?.options).toMatchObject({
      plug: '1.10',
      login: '0042',
    });
  });

  it('are read with defaults, in their order', () => {
    expect(configOf(POWER).settings.power).toEqual([
      {
        hosts: ['compute-1*', 'rack2-??'],
        agent: 'fence_ipmilan',
        options: {
          ip: '{short}-bmc',
          lanplus: '1',
          privlvl: 'operator',
          verbose: 'true',
          password: 'hunter2',
        },
        options_file: '/etc/nova-ha/bmc',
        timeout: 30_000,
      },
      { hosts: ['*'], agent: 'fence_redfish', options: {}, options_file: null, timeout: 60_000 },
    ]);
    expect(configOf('').settings.power).toEqual([]);
  });

  it('come from the environment as YAML or JSON', () => {
    const json = '[{"hosts": ["c"], "agent": "fence_virsh", "options": {"ip": "h"}}]';
    const env = { NOVA_HA_POWER: json };
    expect(configOf('', { env }).settings.power).toMatchObject([{ agent: 'fence_virsh' }]);
    expect(problemsOf('', { env: { NOVA_HA_POWER: '[{hosts: c}]' } })).toEqual([
      'NOVA_HA_POWER: power[0] needs agent: the name of a fence agent, such as fence_ipmilan.',
    ]);
  });

  it('are shown without their secrets, and refused on the command line', () => {
    const shown = showValue('power', configOf(POWER).settings.power);
    expect(shown).toBe(
      '[compute-1* rack2-??: fence_ipmilan ip={short}-bmc lanplus=1 privlvl=operator verbose=true password=(secret) options from /etc/nova-ha/bmc, *: fence_redfish]',
    );
    const options = [{ key: 'power', value: '[]', option: '--set', via: 'argv' }] as const;
    expect(problemsOf('', { options })).toEqual([
      '--set: power may hold secrets and every user can read a command line; use NOVA_HA_POWER or the configuration file.',
    ]);
  });

  it.each([
    ['power: 7', '1:8: power must be a list of power agents'],
    ['power:\n  hosts: [a]\n  agent: fence_x', '2:3: power must be a list of power agents'],
    ['power: [7]', '1:9: power[0] must be a power agent (hosts and agent;'],
    [
      'power:\n  - hosts: [a]\n    agnet: fence_x\n    agent: fence_y',
      '3:5: unknown key "power[0].agnet". Did you mean "agent"?',
    ],
    [
      'power:\n  - hosts: [a]\n    agent: /usr/sbin/fence_x',
      '3:12: power[0].agent must be the name of a fence agent, such as fence_ipmilan, not "/usr/sbin/fence_x".',
    ],
    ['power: [{agent: fence_x}]', '1:9: power[0] needs hosts: a list; every entry is a host name'],
    [
      'power: [{hosts: [a], agent: fence_x, timeout: 1h}]',
      '1:47: power[0].timeout must be a duration from 1s to 10m, not "1h".',
    ],
    [
      'power: [{hosts: [a], agent: fence_x, options_file: bmc}]',
      '1:52: power[0].options_file must be an absolute path, not "bmc".',
    ],
    [
      'power: [{hosts: [a], agent: fence_x, options: {ip: [1]}}]',
      '1:52: power[0].options.ip must be a text of one line, a number, true or false.',
    ],
    [
      'power: [{hosts: [a], agent: fence_x, options: {"i p": 1}}]',
      '1:48: the name in power[0].options.i p must be an option of the agent',
    ],
  ])('%j', (yaml, message) => {
    const problems = problemsOf(yaml);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`${FILE}:${message}`);
  });

  it('never show the value of an option in a message', () => {
    const yaml = 'power: [{hosts: [a], agent: fence_x, options: {password: "hunt\\ner2"}}]';
    expect(problemsOf(yaml)).toHaveLength(1);
    expect(problemsOf(yaml).join()).not.toContain('hunt');
  });

  it('follow anchors, also to the place of a mistake', () => {
    const yaml = 'cloud: &n soon\npower: [{hosts: [a], agent: fence_x, timeout: *n}]';
    expect(problemsOf(yaml)).toEqual([
      `${FILE}:2:47: power[0].timeout must be a duration from 1s to 10m, not "soon".`,
    ]);
  });

  it('that nobody believes, or that are missing, are odd but no error', () => {
    const odd = (yaml: string) => configOf(yaml).warnings;
    expect(odd(POWER)).toEqual([]);
    expect(odd('fence: {proof: [power, mark]}')[0]).toMatch(
      /^\S+:1:16: fence\.proof names power, but no power agent is configured/,
    );
    expect(odd(`fence: {proof: [mark]}\n${POWER}`)[0]).toMatch(
      /:3:3: power is configured, but fence\.proof does not believe it/,
    );
  });
});

describe('died.action: fence', () => {
  it('is odd where nobody can switch hosts off, in a profile too', () => {
    const odd = (yaml: string) => configOf(`pacemaker: {enabled: off}\n${yaml}`).warnings;
    const nobody = /:2:\d+: died\.action is fence, but nobody can switch hosts off/;
    expect(odd('died: {action: fence}')[0]).toMatch(nobody);
    expect(odd('profiles: {gold: {died: {action: fence}}}')[0]).toMatch(nobody);
    expect(odd(`died: {action: fence}\n${POWER}`)).toEqual([]);
    expect(odd('died: {action: disable}')).toEqual([]);
    expect(configOf('died: {action: fence}').warnings).toEqual([]);
  });
});

describe('pacemaker', () => {
  it('maps hosts to nodes; names with dashes stay as they are', () => {
    const yaml = 'pacemaker:\n  nodes:\n    compute-1.example.com: node-17\n    c2: "0815"\n';
    expect(configOf(yaml).settings['pacemaker.nodes']).toEqual({
      'compute-1.example.com': 'node-17',
      c2: '0815',
    });
    const env = { NOVA_HA_PACEMAKER_NODES: '{compute-1: node-17}' };
    const fromEnv = configOf('', { env }).settings['pacemaker.nodes'];
    expect(fromEnv).toEqual({ 'compute-1': 'node-17' });
    expect(showValue('pacemaker.nodes', fromEnv)).toBe('{compute-1: node-17}');
  });

  it.each([
    [
      'pacemaker: {enabled: maybe}',
      '1:22: pacemaker.enabled must be auto, on or off, not "maybe".',
    ],
    [
      'pacemaker: {nodes: [a]}',
      '1:20: pacemaker.nodes must be a map of Nova hosts to Pacemaker nodes, not ["a"].',
    ],
    ['pacemaker:\n  nodes:\n    a: "-x"', '3:8: pacemaker.nodes.a must be a host name'],
    ['pacemaker: {nodes: {a/b: x}}', '1:21: the name in pacemaker.nodes.a/b must be a host name'],
    [
      'pacemaker: {nodes: {a: Node-1, b: node-1}}',
      '1:20: pacemaker.nodes gives the node node-1 to both a and b; a node is one host.',
    ],
    [
      'store: {kind: pacemaker}\npacemaker: {enabled: off}',
      '1:15: store.kind is pacemaker, so pacemaker.enabled must not be off.',
    ],
  ])('%j', (yaml, message) => {
    const problems = problemsOf(yaml);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`${FILE}:${message}`);
  });
});
