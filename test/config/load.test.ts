import { describe, expect, it, vi } from 'vitest';
import { policyOf, type Config } from '../../src/config/config.ts';
import { loadConfig, type ConfigSources, type ReadFile } from '../../src/config/load.ts';
import { showOrigin } from '../../src/config/origin.ts';
import { KEYS, TABLE, rowOf, showValue, variableOf } from '../../src/config/table.ts';
import { CATALOGUE } from '../../src/domain/reason.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';

const CONFIG = '/etc/nova-ha/config.yaml';

const disk =
  (files: Readonly<Record<string, string>>): ReadFile =>
  (path) => {
    const text = files[path];
    return text === undefined ? { kind: 'absent' } : { kind: 'text', text };
  };

function sources(change: Partial<ConfigSources> & { yaml?: string }): ConfigSources {
  const files = change.yaml === undefined ? {} : { [CONFIG]: change.yaml };
  return {
    env: {},
    file: null,
    options: [],
    home: '/home/anna',
    isRoot: false,
    readFile: disk(files),
    ...change,
  };
}

function configOf(change: Partial<ConfigSources> & { yaml?: string }): Config {
  const outcome = loadConfig(sources(change));
  if (outcome.kind === 'wrong') throw new Error(outcome.problems.join('\n'));
  return outcome.config;
}

function problemsOf(change: Partial<ConfigSources> & { yaml?: string }): readonly string[] {
  const outcome = loadConfig(sources(change));
  return outcome.kind === 'wrong' ? outcome.problems : [];
}

describe('without any file', () => {
  it('gives the default policy and the state directory of the user', () => {
    const config = configOf({});
    expect(policyOf(config.settings)).toEqual(DEFAULT_POLICY);
    expect(config.file).toBeNull();
    expect(config.settings['store.directory']).toBe('/home/anna/.local/state/nova-ha/store');
    expect(configOf({ isRoot: true }).settings['store.directory']).toBe('/var/lib/nova-ha/store');
    expect(configOf({ env: { XDG_STATE_HOME: '/s' } }).settings.state_directory).toBe('/s/nova-ha');
    expect(Object.isFrozen(config.settings)).toBe(true);
  });
});

describe('the order of the sources', () => {
  const yaml = 'pace:\n  in-flight: 3\n  posts: 4\n  per_destination: 5\n';
  const config = configOf({
    yaml,
    env: { NOVA_HA_PACE_POSTS: '6', NOVA_HA_PACE_PER_DESTINATION: '7' },
    options: [{ key: 'pace.per-destination', value: '8', option: '--set', via: 'argv' }],
  });

  it('is default, file, environment, option', () => {
    expect(config.settings['pace.in_flight']).toBe(3);
    expect(config.settings['pace.posts']).toBe(6);
    expect(config.settings['pace.per_destination']).toBe(8);
  });

  it('is remembered for every value', () => {
    expect(showOrigin(config.origins['pace.in_flight'])).toBe(`${CONFIG}:2:14`);
    expect(showOrigin(config.origins['pace.posts'])).toBe('NOVA_HA_PACE_POSTS');
    expect(showOrigin(config.origins['pace.per_destination'])).toBe('--set');
    expect(showOrigin(config.origins['pace.poll_min'])).toBe('default');
  });
});

describe('values', () => {
  it.each([
    ['fence: {delay: 30s}', 'fence.delay', 30_000],
    ['fence: {delay: 1h}', 'fence.delay', 3_600_000],
    ['fence: {delay: 1m30s}', 'fence.delay', 90_000],
    ['fence: {delay: 2.5}', 'fence.delay', 2500],
    ['storm: {max_share: 25%}', 'storm.max_share', 0.25],
    ['readmit: {automatic: no}', 'readmit.automatic', false],
    ['fence: {proof: [mark, operator]}', 'fence.proof', ['mark', 'operator']],
    ['fence: {proof: mark}', 'fence.proof', ['mark']],
    ['cloud: 42', 'cloud', '42'],
    // What is written is meant: a number of them would be another text.
    ['cloud: 0815', 'cloud', '0815'],
    ['cloud: 1.10', 'cloud', '1.10'],
    ['openstack: {password: 12345678901234567890}', 'openstack.password', '12345678901234567890'],
    ['openstack: {password: 0x1F}', 'openstack.password', '0x1F'],
    ['openstack: {password: 1e5}', 'openstack.password', '1e5'],
    ['openstack: {password: +5}', 'openstack.password', '+5'],
    ['openstack: {password: " a b "}', 'openstack.password', ' a b '],
    ['pace: {in_flight: 010}', 'pace.in_flight', 10],
    ['pace: {in_flight: 10.0}', 'pace.in_flight', 10],
    ['storm: {max_share: .50}', 'storm.max_share', 0.5],
    ['fence: {delay: 2.50}', 'fence.delay', 2500],
    ['pacemaker: {nodes: {0815: 007}}', 'pacemaker.nodes', { '0815': '007' }],
    ['state_directory: ~/x', 'state_directory', '/home/anna/x'],
  ] as const)('%s', (yaml, key, value) => {
    expect(configOf({ yaml }).settings[key]).toEqual(value);
  });

  it('follow anchors and aliases', () => {
    const yaml = 'retry: {backoff: &t 7s, restore: *t}';
    expect(configOf({ yaml }).settings['retry.restore']).toBe(7000);
  });

  it('of an environment variable in YAML are as written too', () => {
    const config = configOf({ env: { NOVA_HA_PACEMAKER_NODES: '{compute-1: 0815}' } });
    expect(config.settings['pacemaker.nodes']).toEqual({ 'compute-1': '0815' });
    const secret = configOf({ env: { NOVA_HA_OPENSTACK_PASSWORD: ' x \n' } });
    expect(secret.settings['openstack.password']).toBe(' x ');
  });

  it('may leave a section empty', () => {
    expect(problemsOf({ yaml: 'pace:\n  # in_flight: 3\nstore:\n' })).toEqual([]);
  });

  it('have defaults that their own checks accept', () => {
    for (const key of KEYS) {
      const shown = showValue(key, rowOf(key).fallback);
      if (shown === '') continue;
      const value = shown.replace(/^\[(.*)\]$/, '$1');
      expect(problemsOf({ env: { [variableOf(key)]: value } }), key).toEqual([]);
    }
  });
});

/** A few lines that would be ten million entries. */
const BOMB = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].reduce((lines, name, index, names) => {
  const below = index === 0 ? 'x' : `*${names[index - 1] ?? ''}`;
  return `${lines}\n    - &${name} [${Array(10).fill(below).join(', ')}]`;
}, 'select:\n  rules:');

describe('mistakes in the file', () => {
  it.each([
    [
      'pace:\n  inflight: 3',
      `${CONFIG}:2:3: unknown key "pace.inflight". Did you mean "in_flight"?`,
    ],
    ['in_flight: 3', `${CONFIG}:1:1: unknown key "in_flight". Did you mean "pace.in_flight"?`],
    ['pacing: {}', `${CONFIG}:1:1: unknown key "pacing". At the top there may be: cloud, region, `],
    [
      'pace: 7',
      `${CONFIG}:1:1: "pace" is a section; it needs keys below it, such as "in_flight: …".`,
    ],
    ['- a', `${CONFIG}: the file must hold keys with values, such as "cloud: mycloud".`],
    ['cloud:', `${CONFIG}:1:7: cloud has no value; give one or remove the line.`],
    ['cloud: a\ncloud: b', `${CONFIG}:2:1: cloud is given twice; remove one of them.`],
    ['pace: {in-flight: 1, in_flight: 2}', `${CONFIG}:1:22: pace.in_flight is given twice`],
    [
      'pace.in_flight: 1\npace: {in_flight: 2}',
      `${CONFIG}:2:8: pace.in_flight is given twice; remove one of them.`,
    ],
    [
      'profiles: {x: {__proto__: 1}}',
      `${CONFIG}:1:16: unknown key "profiles.x.__proto__". There may be: select, `,
    ],
    ['a: [1', `${CONFIG}:1:6: this is not valid YAML: `],
    [
      'select: {rules: &a [[*a]]}',
      `${CONFIG}:1:20: select.rules refers to itself, or to very many other values; write it out.`,
    ],
    [BOMB, `${CONFIG}:3:5: select.rules refers to itself, or to very many other values; write it`],
    ['\tcloud: x', `${CONFIG}:1:1: this line is indented with a tab; use blanks.`],
    ['pace:\n  in_flight: 3\n   posts: 2', `${CONFIG}:2:14: this is not valid YAML: `],
    ['pace:\n  in_flight: 3\n   posts: 2', 'indent the line like those around it.'],
    ['cloud: a\n---\ncloud: b', `${CONFIG}:2:1: another document begins here (---)`],
    ['cloud: \0', `${CONFIG}: this is no text in UTF-8`],
    ['cloud: \ufffd', `${CONFIG}: this is no text in UTF-8`],
    [
      'pace:\n  in_flight: 0',
      `${CONFIG}:2:14: pace.in_flight must be a whole number from 1 to 10000, not 0.`,
    ],
    ['pace: {in_flight: 1.5}', 'must be a whole number from 1 to 10000, not 1.5.'],
    ['pace: {in_flight: [1]}', 'must be a whole number from 1 to 10000, not [1].'],
    ['fence: {delay: soon}', 'fence.delay must be a duration from 0s to 1h, not "soon".'],
    ['fence: {delay: -1}', 'fence.delay must be a duration from 0s to 1h, not -1.'],
    ['fence: {delay: 2h}', 'fence.delay must be a duration from 0s to 1h, not "2h".'],
    ['fence: {proof: []}', 'every entry is pacemaker, power, mark or operator, not [].'],
    ['fence: {proof: [mark, hope]}', 'not ["mark","hope"].'],
    ['storage: {kind: ceph}', 'storage.kind must be shared, rbd or local, not "ceph".'],
    ['storm: {max_share: 2}', 'must be a share from 0 to 1 (or from 0% to 100%), not 2.'],
    [
      'store: {directory: state}',
      'must be an absolute path (or one that begins with ~/), not "state".',
    ],
    ['readmit: {automatic: perhaps}', 'readmit.automatic must be true or false, not "perhaps".'],
    ['cloud: {a: 1}', 'cloud must be a text, not {"a":1}.'],
    ['openstack: {password: [1]}', 'openstack.password must be a text.'],
    [
      'pace: {poll_min: 10s}',
      `${CONFIG}:1:18: pace.poll_min (10s) must not be longer than pace.poll_max (5s).`,
    ],
    [
      'store: {kind: redis}',
      'so one of store.redis.url, store.redis.sentinels, store.redis.cluster',
    ],
    [
      'store: {kind: redis, redis: {url: "redis://a", cluster: ["a:1"]}}',
      'store.redis.url and store.redis.cluster exclude each other; keep one.',
    ],
    [
      'store: {kind: redis, redis: {url: "http://a"}}',
      'must begin with redis://, rediss:// or unix://.',
    ],
  ])('%j', (yaml, message) => {
    const problems = problemsOf({ yaml });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(message);
  });

  it('are all told at once', () => {
    expect(problemsOf({ yaml: 'clod: a\npace: {in_flight: x, posts: y}\n' })).toHaveLength(3);
  });

  it('never show a secret', () => {
    const yaml = 'openstack: {password: {hunter2: 1}}';
    expect(problemsOf({ yaml }).join()).not.toContain('hunter2');
  });
});

describe('mistakes elsewhere', () => {
  it('may be YAML that goes in a circle', () => {
    expect(problemsOf({ env: { NOVA_HA_PACEMAKER_NODES: '&x {a: *x}' } })).toEqual([
      'NOVA_HA_PACEMAKER_NODES: pacemaker.nodes must be a map of Nova hosts to Pacemaker nodes, not "&x {a: *x}".',
    ]);
  });

  it('are told by us alone, not by the YAML library', () => {
    const heard: unknown[] = [];
    const emit = vi.spyOn(process, 'emitWarning').mockImplementation((warning) => {
      heard.push(warning);
    });
    const yaml = '{? {a: 1} : 2}';
    expect(problemsOf({ yaml: `power: ${yaml}` })).toHaveLength(1);
    expect(problemsOf({ env: { NOVA_HA_POWER: yaml } })).toHaveLength(1);
    emit.mockRestore();
    expect(heard).toEqual([]);
  });

  it('name the variable', () => {
    expect(problemsOf({ env: { NOVA_HA_LOG_LEVEL: 'loud' } })).toEqual([
      'NOVA_HA_LOG_LEVEL: log.level must be debug, info, warn or error, not "loud".',
    ]);
  });

  it('name the option, and refuse a secret on the command line', () => {
    const set = (key: string, value: string) =>
      problemsOf({ options: [{ key, value, option: '--set', via: 'argv' }] })[0];
    expect(set('log.levl', 'info')).toBe(
      '--set: unknown key "log.levl". Did you mean "log.level"?',
    );
    expect(set('openstack.password', 'x')).toContain('NOVA_HA_OPENSTACK_PASSWORD');
    const options = [
      { key: 'openstack.password', value: 'x', option: 'password', via: 'stdin' },
    ] as const;
    expect(configOf({ options }).settings['openstack.password']).toBe('x');
  });

  it('are only warnings for unknown variables', () => {
    expect(configOf({ env: { NOVA_HA_LOG_LEVL: 'x' } }).warnings).toEqual([
      'NOVA_HA_LOG_LEVL: there is no such setting, it is ignored. Did you mean "NOVA_HA_LOG_LEVEL"?',
    ]);
  });

  it('name a file that is not there or cannot be read', () => {
    expect(problemsOf({ file: '/a.yaml' })).toEqual([
      '/a.yaml: there is no such file (named by --config).',
    ]);
    expect(problemsOf({ env: { NOVA_HA_CONFIG: '/b.yaml' } })).toEqual([
      '/b.yaml: there is no such file (named by NOVA_HA_CONFIG).',
    ]);
    const readFile: ReadFile = () => ({ kind: 'unreadable', why: 'permission denied' });
    expect(problemsOf({ readFile })).toEqual([`${CONFIG}: it cannot be read: permission denied.`]);
  });
});

describe('secrets', () => {
  const files = {
    [CONFIG]: 'openstack: {password_file: /run/secret}',
    '/run/secret': 'hunter2\n',
    '/run/empty': '\n',
  };

  it('come from files and are shown as (secret)', () => {
    const config = configOf({ readFile: disk(files) });
    expect(config.settings['openstack.password']).toBe('hunter2');
    expect(showValue('openstack.password', 'hunter2')).toBe('(secret)');
    expect(showValue('store.redis.url', 'redis://u:pw@h:1/0')).toBe('redis://u:(secret)@h:1/0');
    expect(showOrigin(config.origins['openstack.password'])).toBe(`${CONFIG}:1:28`);
  });

  it('from a stronger origin win over the file', () => {
    const env = { NOVA_HA_OPENSTACK_PASSWORD: 'other' };
    expect(configOf({ readFile: disk(files), env }).settings['openstack.password']).toBe('other');
  });

  it('are refused twice, absent or empty', () => {
    const twice = { [CONFIG]: 'openstack: {password: a, password_file: /run/secret}' };
    expect(problemsOf({ readFile: disk(twice) })[0]).toContain('are both given; keep one.');
    const env = { NOVA_HA_OPENSTACK_PASSWORD_FILE: '/run/empty' };
    expect(problemsOf({ readFile: disk({ '/run/empty': '\n' }), env })[0]).toContain('is empty.');
    expect(problemsOf({ env })[0]).toContain('/run/empty cannot be read: there is no such file.');
  });
});

describe('the table', () => {
  it('has one variable per key', () => {
    expect(new Set(KEYS.map(variableOf)).size).toBe(Object.keys(TABLE).length);
  });

  it('knows every key that a remedy of the catalogue names', () => {
    const sections = new Set(KEYS.map((key) => key.split('.')[0]));
    for (const [code, { sentence, remedy }] of Object.entries(CATALOGUE)) {
      const named = `${sentence} ${remedy}`.match(/\b[a-z]+\.[a-z]\w*\b/gi) ?? [];
      for (const word of named)
        if (sections.has(word.split('.')[0])) expect(KEYS, code).toContain(word);
    }
  });
});
