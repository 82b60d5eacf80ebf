import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOpenStack } from '../../src/adapters/openstack/openstack.ts';
import { asHost } from '../../src/domain/ids.ts';
import { startAgentCloud, type AgentCloud } from '../support/agent-cloud.ts';
import { built, FENCED_ENV, runProgram, stdinOf, type Finished } from '../support/built-agent.ts';
import { copyClassicAgents, type ClassicAgents } from '../support/classic-agents.ts';
import { ensureDebianPackages } from '../support/debian-packages.ts';
import { ADMIN } from '../support/simulated-http.ts';

let directory: string;
let classic: ClassicAgents;
beforeAll(async () => {
  await ensureDebianPackages();
  classic = await copyClassicAgents();
  directory = classic.directory;
});
afterAll(() => classic.remove());

const QUIET = { debug: () => undefined, info: () => undefined, warn: () => undefined };

type State = 'up enabled' | 'up disabled' | 'down enabled' | 'down disabled';

/** Brings compute-1 into a state that Nova then shows. */
async function bring(world: AgentCloud, state: State): Promise<void> {
  if (state === 'up enabled') return;
  const openstack = createOpenStack({
    cloud: { ...ADMIN, authUrl: world.authUrl },
    clock: { now: () => Date.now() },
    log: { ...QUIET, error: () => undefined },
  });
  const { compute } = openstack;
  const fleet = await compute.fleet();
  const service = fleet.kind === 'known' ? fleet.value.services.get(asHost('compute-1')) : null;
  if (service?.state !== 'up') throw new Error('compute-1 is not up');
  const outcome = await compute.changeService(service.id, {
    ...(state.startsWith('down') ? { forcedDown: true } : {}),
    ...(state.endsWith('disabled') ? { status: 'disabled', disabledReason: 'test' } : {}),
  });
  expect(outcome.kind).toBe('applied');
  openstack.close();
}

interface Pair {
  readonly theirs: Finished;
  readonly ours: Finished;
}

const REFERENCE = { fence_nova: 'fence_compute', fence_nova_evacuate: 'fence_evacuate' } as const;

/** Runs both agents with the same words, each on a cloud of its own in the same state. */
async function both(
  agent: keyof typeof REFERENCE,
  words: readonly string[],
  state: State = 'up enabled',
  authUrl?: string,
): Promise<Pair> {
  const env = { ...FENCED_ENV, PATH: `${directory}:${FENCED_ENV['PATH'] ?? ''}` };
  const run = async (program: string, isOurs: boolean): Promise<Finished> => {
    const world = await startAgentCloud();
    try {
      await bring(world, state);
      const { config, auth_url, ...rest } = world.options;
      const options = Object.entries({ ...rest, auth_url: authUrl ?? auth_url ?? '' });
      const args = options.flatMap(([name, value]) => [`--${name.replaceAll('_', '-')}`, value]);
      const own = isOurs ? ['--config', config ?? '', '--settle-timeout=2'] : [];
      return await runProgram(program, { args: [...args, ...own, ...words], env });
    } finally {
      await world.stop();
    }
  };
  const [theirs, ours] = await Promise.all([
    run(join(directory, REFERENCE[agent]), false),
    run(built(agent), true),
  ]);
  return { theirs, ours };
}

const gist = ({ code, out }: Finished) => ({ code, out });

const STATES: readonly State[] = ['up enabled', 'up disabled', 'down enabled', 'down disabled'];
const AWAY = 'http://127.0.0.1:9/v3';

describe('fence_nova and fence_compute', () => {
  it.each(STATES)('status: %s', async (state) => {
    const { theirs, ours } = await both('fence_nova', ['-o', 'status', '-n', 'compute-1'], state);
    expect(gist(ours)).toEqual(gist(theirs));
  });

  it.each(STATES)('off: %s', async (state) => {
    const { theirs, ours } = await both('fence_nova', ['-o', 'off', '-n', 'compute-1'], state);
    expect(gist(theirs)).toEqual({ code: 0, out: '' });
    expect(gist(ours)).toEqual(gist(theirs));
  });

  it.each([
    ['list', ['-o', 'list']],
    ['list with a separator', ['-o', 'list', '-C', ';']],
    ['monitor', ['-o', 'monitor']],
    ['on of a healthy host', ['-o', 'on', '-n', 'compute-1']],
    ['enable', ['-o', 'enable', '-n', 'compute-1']],
    ['disable', ['-o', 'disable', '-n', 'compute-1']],
    ['the default action', ['-n', 'compute-1']],
    ['an unknown action', ['-o', 'explode', '-n', 'compute-1']],
    ['no plug', ['-o', 'off']],
    ['validate-all', ['-o', 'validate-all', '-n', 'compute-1']],
    ['validate-all without plug', ['-o', 'validate-all']],
    ['an unknown option', ['--colour=red', '-n', 'compute-1']],
    ['a value that is no number', ['--delay=soon', '-n', 'compute-1']],
    ['other words', ['-o', 'status', '-n', 'compute-1', 'and', 'more']],
  ] as const)('%s', async (_, words) => {
    const { theirs, ours } = await both('fence_nova', words);
    expect(gist(ours)).toEqual(gist(theirs));
  });

  it.each([['status'], ['list'], ['monitor']])('%s without Keystone', async (action) => {
    const words = ['-o', action, '-n', 'compute-1'];
    const { theirs, ours } = await both('fence_nova', words, 'up enabled', AWAY);
    expect(gist(ours)).toEqual(gist(theirs));
  });
});

describe('standard input of fence_nova and fence_compute', () => {
  let world: AgentCloud;
  beforeAll(async () => {
    world = await startAgentCloud();
  });
  afterAll(() => world.stop());

  const fed = async (text: string): Promise<Pair> => {
    const env = { ...FENCED_ENV, PATH: `${directory}:${FENCED_ENV['PATH'] ?? ''}` };
    const { config = '', ...options } = world.options;
    const run = (program: string, own: string): Promise<Finished> =>
      runProgram(program, { input: stdinOf(options) + own + text, env });
    const [theirs, ours] = await Promise.all([
      run(join(directory, 'fence_compute'), ''),
      run(built('fence_nova'), `config=${config}\n`),
    ]);
    return { theirs, ours };
  };

  it.each([
    ['CR and tabs', '\taction=status\r\n\tplug=compute-1\t\r\n'],
    ['comments', '#plug=nosuch\naction=status\n\nplug=compute-1\n#'],
    ['one key twice', 'plug=nosuch\naction=STATUS\nplug=compute-1\n'],
    ['an older key', 'action=status\nport=compute-1\n'],
    ['plug and nodename', 'action=status\nplug=compute-1\nnodename=nosuch\n'],
    ['quotes', 'action="status"\nplug="compute-1"\n'],
    ['other quotes', "action='status'\nplug='compute-1'\n"],
    ['no value', 'action=status\nplug=compute-1\ninsecure=\nquiet\n'],
    ['an empty action', 'action=\nplug=compute-1\n'],
    ['no number', 'action=status\nplug=compute-1\ndelay=0.5\n'],
    ['what nobody knows', 'action=status\nplug=compute-1\nmissing_as_off=1\n'],
    ['nothing', ''],
  ])('%s', async (_, text) => {
    const { theirs, ours } = await fed(text);
    expect(gist(ours)).toEqual(gist(theirs));
  });

  it.each([
    ['spaces around =', 'action = status\nplug = compute-1\n', 1, 0],
    ['nodename alone', 'action=status\nnodename=compute-1\n', 1, 0],
    ['an empty number', 'action=status\nplug=compute-1\ndelay=\n', 1, 0],
    ['an empty plug', 'action=status\nplug=\n', 0, 1],
    ['NUL', 'action=status\nplug=compute-1\0\n', 0, 1],
  ])('%s is another matter', async (_, text, theirCode, ourCode) => {
    const { theirs, ours } = await fed(text);
    expect([theirs.code, ours.code]).toEqual([theirCode, ourCode]);
  });
});

describe('documented deviations of fence_nova', () => {
  const expectPair = async (
    words: readonly string[],
    theirs: { code: number; out: string },
    ours: { code: number; out: string },
    state: State = 'up enabled',
    authUrl?: string,
  ): Promise<void> => {
    const pair = await both('fence_nova', words, state, authUrl);
    expect(gist(pair.theirs)).toEqual(theirs);
    expect(gist(pair.ours)).toEqual(ours);
  };

  it('status of an unknown host is no status', () =>
    expectPair(
      ['-o', 'status', '-n', 'nosuch'],
      { code: 0, out: 'Status: ON\n' },
      { code: 1, out: '' },
    ));

  it('off without Keystone succeeds: the mark is what counts', () =>
    expectPair(
      ['-o', 'off', '-n', 'compute-1'],
      { code: 1, out: '' },
      { code: 0, out: '' },
      'up enabled',
      AWAY,
    ));

  it('reboot is off', () =>
    expectPair(['-o', 'reboot', '-n', 'compute-1'], { code: 1, out: '' }, { code: 0, out: '' }));

  it('list-status gives the states', async () => {
    const { theirs, ours } = await both('fence_nova', ['-o', 'list-status']);
    expect(theirs.out.split('\n').slice(0, 1)).toEqual(['compute-1,,UNKNOWN']);
    expect(ours.out).toBe(theirs.out.replaceAll('UNKNOWN', 'ON'));
  });

  it('validate-all really checks', () =>
    expectPair(
      ['-o', 'validate-all', '-n', 'compute-1'],
      { code: 0, out: '' },
      { code: 1, out: '' },
      'up enabled',
      AWAY,
    ));

  it('record_only=2 marks', async () => {
    const words = ['-o', 'off', '-n', 'compute-1', '--record-only=2'];
    const { theirs, ours } = await both('fence_nova', words);
    expect([theirs.code, ours.code]).toEqual([0, 0]);
    expect(ours.err).toMatch(/does not switch fencing off here/);
  });
});

describe('fence_nova_evacuate and fence_evacuate', () => {
  it.each(STATES.flatMap((state) => [['status', state] as const, ['off', state] as const]))(
    '%s: %s',
    async (action, state) => {
      const words = ['-o', action, '-n', 'compute-1'];
      const { theirs, ours } = await both('fence_nova_evacuate', words, state);
      expect(gist(ours)).toEqual(gist(theirs));
    },
  );

  it.each([
    ['on', ['-o', 'on', '-n', 'compute-1']],
    ['list', ['-o', 'list']],
    ['monitor', ['-o', 'monitor']],
    ['an unknown action', ['-o', 'explode', '-n', 'compute-1']],
    ['enable', ['-o', 'enable', '-n', 'compute-1']],
    ['no plug', ['-o', 'off']],
  ] as const)('%s', async (_, words) => {
    const { theirs, ours } = await both('fence_nova_evacuate', words);
    expect(gist(ours)).toEqual(gist(theirs));
  });

  it('reboot of a host that is down and disabled', async () => {
    const words = ['-n', 'compute-1'];
    const { theirs, ours } = await both('fence_nova_evacuate', words, 'down disabled');
    expect(gist(ours)).toEqual(gist(theirs));
  });
});
