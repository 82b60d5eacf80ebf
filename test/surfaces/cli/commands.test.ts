import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { asHost, asEvent } from '../../../src/domain/ids.ts';
import { unknown } from '../../../src/domain/known.ts';
import { because } from '../../../src/domain/reason.ts';
import { refused, uncertain } from '../../../src/domain/outcome.ts';
import {
  createCliWorld,
  instanceId,
  instanceOn,
  serviceOn,
  trackedAt,
} from '../../support/cli-world.ts';

const HOST = asHost('compute-1');

describe('mistakes on the command line', () => {
  it.each([
    [['evacuat', 'x'], "unknown command 'evacuat'"],
    [['evacuate'], "missing required argument 'HOST'"],
    [['evacuate', 'a b'], 'a host name cannot contain " "'],
    [['evacuate', '-x', 'compute-1'], "unknown option '-x'"],
    [['evacuate', 'compute-1', '--instance', 'web'], 'an instance is given by its id'],
    [['evacuate', 'compute-1', '--timeout', 'soon'], 'a duration such as 90s'],
    [['history', '--limit', '0'], 'a whole number from 1 to 999999'],
    [['help', 'evacuat'], "unknown command 'evacuat' (Did you mean evacuate?)"],
    [['pause', '--reason', ' '], 'it is empty'],
    [['pause', '--reason', 'x'.repeat(1001)], 'it has 1001 characters (limit 1000)'],
    [['pause', '--reason', 'x', '--for', '0m'], 'it must be longer than nothing'],
    [['pause', '--reason', 'x', '--for', '99999999h'], 'of 3650d at most'],
    [['pause', '--reason', 'x', '--aggregate', ''], 'it is empty'],
    [['status', '--config', ''], '--config names no file'],
    [['stat\u001b[31mus'], "unknown command 'stat?[31mus'"],
    [['status', '--json', '--yaml'], 'cannot be used with option'],
    [['worker', '--until-settled'], '--until-settled needs --only HOST'],
    [['status', '--set', 'pace'], 'KEY=VALUE'],
    [
      ['status', '--set', 'pace.in_flights=2'],
      'unknown key "pace.in_flights". Did you mean "pace.in_flight"?',
    ],
    [['status', '--log-level', 'loud'], 'Allowed choices are debug, info, warn, error'],
    [['status', '--config', '/no/such/file'], 'there is no such file (named by --config)'],
    [['config'], 'Commands:'],
  ])('%j', async (args, message) => {
    const { exit, err, out } = await createCliWorld().run(...args);
    expect(exit).toBe('usage');
    expect(err).toContain(message);
    expect(out).toBe('');
  });

  it('are told apart from questions', async () => {
    const world = createCliWorld();
    expect(await world.run('--version')).toEqual({ exit: 'done', out: '1.2.3\n', err: '' });
    expect((await world.run()).exit).toBe('done');
    expect((await world.run('help', 'evacuate')).out).toContain('--confirm-fenced');
    expect((await world.run('evacuate', '--help')).out).toContain('--os-cloud');
  });
});

describe('the end of a command that was asked for JSON or YAML', () => {
  const outcome = (out: string): unknown => JSON.parse(out);

  it('is told in that form when it was refused, with the reason', async () => {
    const world = createCliWorld();
    const { out, err } = await world.run('plan', 'compute-9', '--json');
    expect(err).toMatch(/^NH103 refused: /);
    expect(outcome(out)).toMatchObject({
      schema: 1,
      kind: 'outcome',
      exit: 'refused',
      exit_code: 3,
      reasons: [{ code: 'NH103', severity: 'alert' }],
      messages: [err.trimEnd()],
    });
    const yaml = await world.run('status', 'compute-9', '--yaml');
    expect(parse(yaml.out)).toMatchObject({ schema: 1, exit: 'refused', exit_code: 3 });
  });

  it('is told when the command line, the configuration or the store is wrong', async () => {
    const world = createCliWorld();
    const wrong = await world.run('plan', '--json');
    expect(outcome(wrong.out)).toMatchObject({ exit: 'usage', exit_code: 2, reasons: [] });
    const key = await world.run('status', '--json', '--set', 'pace.x=1');
    expect(outcome(key.out)).toMatchObject({
      exit: 'usage',
      messages: [expect.stringContaining('unknown key "pace.x"') as string],
    });
    world.store = { ...world.memory, list: () => Promise.resolve(unknown('it is away')) };
    const away = await world.run('status', '--json');
    expect(outcome(away.out)).toMatchObject({ exit: 'store-unreachable', exit_code: 5 });
  });

  it('is told after the changes, and by documents that tell it themselves alone', async () => {
    const world = createCliWorld();
    world.background = () => ({ kind: 'started', ended: Promise.resolve(4), log: '/log' });
    const lost = await world.run('evacuate', 'compute-1', '--confirm-fenced', '--json');
    const lines = lost.out.trimEnd().split('\n').map(outcome);
    expect(lines[0]).toMatchObject({ kind: 'change' });
    expect(lines.at(-1)).toMatchObject({ kind: 'outcome', exit: 'failed' });
    const left = await world.run(
      'evacuate',
      'compute-1',
      '--confirm-fenced',
      '--no-wait',
      '--json',
    );
    expect(outcome(left.out)).toMatchObject({ kind: 'outcome', exit: 'done' });
    const status = await world.run('status', '--json');
    expect(outcome(status.out)).toMatchObject({ hosts: [{ host: 'compute-1' }] });
    expect(await world.run('history', 'compute-2', '--json')).toMatchObject({ out: '', err: '' });
    expect((await world.run('status', '--', '--json')).out).toBe('');
  });
});

describe('instances that are not there', () => {
  const nobody = ['--instance', instanceId(99)] as const;

  it('keep a host from being touched: a slip must not isolate it', async () => {
    const world = createCliWorld();
    for (const command of ['plan', 'evacuate'] as const) {
      const sure = command === 'plan' ? [] : ['--confirm-fenced'];
      const { exit, err } = await world.run(command, 'compute-1', ...sure, ...nobody);
      expect(exit).toBe('refused');
      expect(err).toContain(`NH608 refused: compute-1 has no instance ${instanceId(99)}`);
    }
    expect(await world.memory.read(HOST)).toMatchObject({ value: null });
    expect(world.started).toEqual([]);
  });

  it('are known when the record has them: the command may be given again', async () => {
    const world = createCliWorld();
    await world.run('mark', 'compute-1', '--confirm-fenced');
    await world.change(HOST, (before) => ({
      ...before,
      phase: 'settled',
      instances: { [instanceId(99)]: trackedAt('vm-99', { at: 'gone' }) },
    }));
    const again = await world.run(
      'evacuate',
      'compute-1',
      '--confirm-fenced',
      ...nobody,
      '--no-wait',
    );
    expect(again.exit).toBe('done');
  });

  it('keep a host from being drained, unless they are elsewhere by now', async () => {
    const world = createCliWorld();
    world.services = [serviceOn('compute-1'), serviceOn('compute-2')];
    const { exit, err } = await world.run('drain', 'compute-1', ...nobody);
    expect(exit).toBe('refused');
    expect(err).toContain('NH608 refused');
    expect(world.changes).toEqual([]);
    world.instances = [instanceOn('compute-2', 99)];
    expect((await world.run('drain', 'compute-1', '--dry-run', ...nobody)).exit).toBe('done');
  });
});

describe('mark, unmark, enable', () => {
  it('go without OpenStack', async () => {
    const world = createCliWorld();
    world.cloud = { kind: 'wrong', exit: 'usage', message: 'no cloud is configured' };
    const marked = await world.run('mark', 'compute-9', '--by', 'bob');
    expect(marked).toMatchObject({ exit: 'done', out: '' });
    expect(marked.err).toContain('It is evacuated once it is proven off.');
    expect((await world.run('mark', 'compute-9', '--confirm-fenced')).err).toContain('already');
    expect((await world.run('unmark', 'compute-9')).exit).toBe('done');
    expect((await world.run('evacuate', 'compute-9')).exit).toBe('usage');
  });

  it('refuse what makes no sense, with code and remedy', async () => {
    const world = createCliWorld();
    expect(await world.run('unmark', 'compute-1')).toEqual({
      exit: 'refused',
      out: '',
      err: 'NH603 refused: compute-1 is not marked. Remedy: nova-ha status shows what is.\n',
    });
    await world.run('mark', 'compute-1');
    expect((await world.run('enable', 'compute-1')).err).toMatch(/^NH605 refused: /);
  });

  it('tell an unreachable store from a write of unknown outcome', async () => {
    const world = createCliWorld();
    world.store = { ...world.memory, write: () => Promise.resolve(refused('not-sent', 'gone')) };
    const lost = await world.run('mark', 'compute-1');
    expect(lost.exit).toBe('store-unreachable');
    expect(lost.err).toContain('compute-1 was not marked');
    world.store = { ...world.memory, write: () => Promise.resolve(uncertain('time-out')) };
    expect((await world.run('mark', 'compute-1')).err).toContain('give the command again');
  });
});

describe('status', () => {
  async function worldWithWork() {
    const world = createCliWorld();
    await world.run('mark', 'compute-1', '--confirm-fenced');
    await world.change(HOST, (before) => ({
      ...before,
      phase: 'evacuating',
      reasons: [because('NH203', { count: 1, limit: 1 }), because('NH202', { host: 'compute-1' })],
      instances: {
        [instanceId(1)]: trackedAt('vm-1', {
          at: 'failed',
          attempt: 5,
          why: because('NH403', { attempt: 5, detail: 'a\u001b[2Jb' }),
        }),
        [instanceId(2)]: trackedAt('vm-2', { at: 'intended', attempt: 1, since: 0, after: 0 }),
      },
    }));
    return world;
  }

  it('lists the hosts with the loudest reason', async () => {
    const { out, exit } = await (await worldWithWork()).run('status');
    expect(exit).toBe('done');
    const [head, row] = out.split('\n');
    expect(head).toBe('HOST       EVENT    PHASE       DONE  IN FLIGHT  SINCE  ETA  WHY');
    expect(row).toMatch(
      /^compute-1 {2}event-1 {2}evacuating {2}1\/2 {3}1 .* NH202 held: .* \(\+1\)$/,
    );
  });

  it('shows the instances of one, without letting their texts move the cursor', async () => {
    const { out } = await (await worldWithWork()).run('status', 'compute-1');
    expect(out).toContain('NH202 held: compute-1 shows signs of life');
    expect(out).toMatch(/^vm-1 .*failed: given up after 5 tries: a\?\[2Jb\n {2}Remedy: /m);
    expect(out).not.toContain('\u001b');
  });

  it('speaks JSON and YAML', async () => {
    const world = await worldWithWork();
    expect(JSON.parse((await world.run('status', '--json')).out)).toMatchObject({
      schema: 1,
      hosts: [
        {
          host: 'compute-1',
          total: 2,
          finished: 1,
          in_flight: 1,
          reasons: [{}, { code: 'NH202' }],
        },
      ],
    });
    const one = JSON.parse((await world.run('status', 'compute-1', '--json')).out) as object;
    expect(one).toMatchObject({
      schema: 1,
      instances: [{ state: 'failed' }, { state: 'intended' }],
    });
    expect((await world.run('status', '--yaml')).out).toMatch(/^schema: 1\nat: /);
  });

  it('watches one until it is over, and all until Ctrl-C', async () => {
    const world = await worldWithWork();
    const watching = world.run('status', 'compute-1', '--watch');
    await world.change(HOST, (before) => ({ ...before, phase: 'settled' }));
    expect(await watching).toMatchObject({ exit: 'done' });
    world.interrupt();
    expect((await world.run('status', '--watch')).exit).toBe('done');
  });

  it('says when nothing is marked, and when the store is away', async () => {
    const world = createCliWorld();
    expect(await world.run('status')).toEqual({
      exit: 'done',
      out: '',
      err: 'No host is marked.\n',
    });
    expect((await world.run('status', 'compute-1')).exit).toBe('refused');
    world.store = { ...world.memory, list: () => Promise.resolve(unknown('no answer')) };
    expect(await world.run('status')).toMatchObject({ exit: 'store-unreachable', out: '' });
  });
});

describe('plan', () => {
  it('says what would become of every instance, and what stands in the way', async () => {
    const world = createCliWorld();
    world.instances = [
      instanceOn('compute-2', 1),
      instanceOn('compute-2', 2, { vmState: 'paused' }),
    ];
    const { out, exit } = await world.run('plan', 'compute-2');
    expect(exit).toBe('done');
    expect(out).toContain('compute-2 (enabled, up): 1 of 2 instances would be evacuated');
    expect(out).toContain('NH602');
    expect(out).toMatch(/vm-2 .* paused {2}skip {6}NH301 not evacuable/);
    const json = await world.run('evacuate', 'compute-2', '--dry-run', '--json');
    expect(JSON.parse(json.out)).toMatchObject({
      schema: 1,
      service: { state: 'up' },
      instances: [{ verdict: 'evacuate' }, { verdict: 'skip', why: { code: 'NH301' } }],
      problems: [{ code: 'NH602' }],
    });
    expect(world.started).toEqual([]);
  });
});

describe('doctor and credentials', () => {
  it('finds the first fatal problem and its exit code; warnings are no failure', async () => {
    const world = createCliWorld();
    expect(await world.run('doctor')).toMatchObject({ exit: 'done', err: '' });
    world.cloud = {
      kind: 'ok',
      compute: {} as never,
      images: {} as never,
      mover: {} as never,
      description: 'x',
      signIn: () =>
        Promise.resolve({ severity: 'fatal', exit: 'authentication', message: 'wrong password' }),
      check: () =>
        Promise.resolve([
          { severity: 'warning', exit: 'failed', message: 'the token ends soon' },
          { severity: 'fatal', exit: 'authentication', message: 'wrong password' },
        ]),
    };
    const { exit, out } = await world.run('doctor');
    expect(exit).toBe('authentication');
    expect(out).toContain('warning: the token ends soon');
    expect(await world.run('plan', 'compute-1')).toEqual({
      exit: 'authentication',
      out: '',
      err: 'nova-ha: wrong password\n',
    });
    world.store = { ...world.memory, check: () => Promise.resolve('read-only') };
    expect((await world.run('doctor', '--json')).exit).toBe('store-unreachable');
  });
});

describe('history and config', () => {
  it('print the newest last', async () => {
    const world = createCliWorld();
    expect((await world.run('history')).err).toBe('There is no history yet.\n');
    await world.memory.append(
      ['marked', 'settled'].map((what, at) => ({
        at,
        host: HOST,
        event: asEvent('e'),
        what,
        instance: null,
        detail: '',
      })),
    );
    expect((await world.run('history')).out).toMatch(/marked[^]*settled/);
    const { out } = await world.run('history', 'compute-1', '-n', '1', '--json');
    expect(JSON.parse(out)).toMatchObject({ schema: 1, what: 'settled' });
  });

  it('show keys with their origins', async () => {
    const world = createCliWorld();
    expect((await world.run('config', 'show')).out).toBe('pace.in_flight: 20  # default\n');
    world.env = { NOVA_HA_LOG_LEVL: 'x' };
    const checked = await world.run('config', 'check');
    expect(checked).toMatchObject({
      exit: 'done',
      out: expect.stringContaining('valid') as string,
    });
    expect(checked.err).toContain('nova-ha: warning: NOVA_HA_LOG_LEVL');
  });
});
