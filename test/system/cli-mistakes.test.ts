import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finished } from '../support/built-agent.ts';
import { startCli, type Cli } from '../support/cli-process.ts';
import { freePort, startRedis } from '../support/redis-server.ts';

let cli: Cli;

beforeAll(async () => {
  cli = await startCli({ instances: 1 });
});

afterAll(async () => {
  await cli.stop();
});

/** One message, no trace of a stack, nothing on stdout, the right code. */
function expectMessage({ code, out, err }: Finished, expected: number, message: RegExp): void {
  expect(err).toMatch(message);
  expect(err).not.toMatch(/^\s+at |node:internal|\.cjs:\d+|undefined|\[object/m);
  expect(err.trimEnd().split('\n').length).toBeLessThanOrEqual(2);
  expect(out).toBe('');
  expect(code).toBe(expected);
}

describe('a mistake in the command line', () => {
  it.each([
    [['evacuat', 'compute-1'], /^nova-ha: unknown command 'evacuat'/],
    [['evacuate', 'compute-1', '--confirm'], /^nova-ha: unknown option '--confirm'/],
    [['plan', '../etc'], /a host name starts with a letter/],
    [['status', '--set', 'store.kind=redis'], /so one of store\.redis\.url/],
    [
      ['status', '--set', 'openstack.password=x'],
      /is a secret and every user can read a command line/,
    ],
  ])('%j', async (args, message) => {
    expectMessage(await cli.run(args), 2, message);
  });

  it('that names an unknown host is answered with the near ones', async () => {
    expectMessage(
      await cli.run(['evacuate', 'compute-11', '--confirm-fenced']),
      3,
      /^NH103 refused: Nova knows no nova-compute service on compute-11\. Did you mean "compute-1" or/,
    );
  });
});

describe('a mistake in the configuration file', () => {
  it.each([
    ['store: {kind: [}', /config\.yaml:1:\d+: this is not valid YAML: /],
    [
      'store:\n  kind: disk\n',
      /config\.yaml:2:9: store\.kind must be file, redis, pacemaker or memory, not "disk"\./,
    ],
    [
      'pace:\n  in_fligth: 3\n',
      /config\.yaml:2:3: unknown key "pace\.in_fligth"\. Did you mean "in_flight"\?/,
    ],
    [
      'pace: {in_flight: 0}',
      /config\.yaml:1:19: pace\.in_flight must be a whole number from 1 to 10000/,
    ],
  ])('%j', async (text, message) => {
    const file = join(cli.directory, 'config.yaml');
    await writeFile(file, text);
    expectMessage(await cli.run(['config', 'check', '--config', file]), 2, message);
    expectMessage(await cli.run(['worker'], { NOVA_HA_CONFIG: file }), 2, message);
  });

  it('that is absent, a directory, or of somebody else', async () => {
    const absent = await cli.run(['status', '--config', '/no/such/file.yaml']);
    expectMessage(absent, 2, /^nova-ha: \/no\/such\/file\.yaml: there is no such file/);
    const directory = await cli.run(['status', '--config', cli.directory]);
    expectMessage(directory, 2, /it cannot be read: it is a directory/);
    const secret = join(cli.directory, 'secret.yaml');
    await writeFile(secret, 'cloud: x\n');
    await chmod(secret, 0);
    const foreign = await cli.runAsNobody(['status', '--config', secret]);
    expectMessage(foreign, 2, /secret\.yaml: it cannot be read: permission denied/);
  });
});

describe('a cloud that does not let us in', () => {
  it.each([
    ['a wrong password', { OS_PASSWORD: 'wr0ng' }, 4, /Keystone refuses the user or the password/],
    ['a wrong project', { OS_PROJECT_NAME: 'nobody' }, 4, /nobody/],
    ['a wrong region', { OS_REGION_NAME: 'Nowhere' }, 1, /no region "Nowhere".* it has RegionOne/],
    ['no credentials', { OS_AUTH_URL: '' }, 2, /^nova-ha: .*auth_url/],
    ['an unknown cloud', { OS_CLOUD: 'mars' }, 2, /^nova-ha: there is no cloud "mars"/],
  ])('%s', async (_what, env, code, message) => {
    const ran = await cli.run(['plan', 'compute-1'], env);
    expectMessage(ran, code, message);
    expect(ran.err).not.toContain('wr0ng');
  });

  it('TLS where none is spoken', async () => {
    const address = (cli.env['OS_AUTH_URL'] ?? '').replace('http:', 'https:');
    const ran = await cli.run(['plan', 'compute-1'], { OS_AUTH_URL: address });
    expectMessage(ran, 1, /it does not speak TLS there: the URL begins with http:\/\/, perhaps/);
    expect(ran.err).not.toContain('SSL routines');
  });

  it('an address where nothing listens', async () => {
    const env = { OS_AUTH_URL: `http://127.0.0.1:${String(await freePort())}/v3` };
    expectMessage(
      await cli.run(['plan', 'compute-1'], env),
      1,
      /cannot be reached: .*ECONNREFUSED/,
    );
  });

  it('does not keep anybody from marking a host', async () => {
    const ran = await cli.run(['mark', 'compute-4'], { OS_AUTH_URL: 'http://127.0.0.1:1/v3' });
    expect(ran).toMatchObject({ code: 0, out: '' });
    expect((await cli.run(['unmark', 'compute-4'])).code).toBe(0);
  });
});

describe('a store that cannot be used', () => {
  const redis = (port: number) => ({
    NOVA_HA_STORE_KIND: 'redis',
    NOVA_HA_STORE_REDIS_URL: `redis://127.0.0.1:${String(port)}`,
  });

  it('Redis where nothing listens', async () => {
    const env = redis(await freePort());
    expectMessage(
      await cli.run(['status'], env),
      5,
      /the store cannot be used: Redis at 127\.0\.0\.1:/,
    );
    expectMessage(await cli.run(['mark', 'compute-4'], env), 5, /compute-4 was not marked/);
  });

  it('Sentinels where nothing listens, in plain words', async () => {
    const env = {
      NOVA_HA_STORE_KIND: 'redis',
      NOVA_HA_STORE_REDIS_SENTINELS: `127.0.0.1:${String(await freePort())}`,
    };
    const ran = await cli.run(['status'], env);
    expectMessage(ran, 5, /no Sentinel answers: start them, or correct store\.redis\.sentinels/);
    const { code, out } = await cli.run(['doctor'], env);
    expect(code).toBe(5);
    expect(out).not.toContain('switches');
  });

  it('Redis with another password', async () => {
    const server = await startRedis({
      lines: ['requirepass right'],
      cliArgv: ['-a', 'right', '--no-auth-warning'],
    });
    try {
      const env = { ...redis(server.port), NOVA_HA_STORE_REDIS_PASSWORD: 'wr0ng' };
      const ran = await cli.run(['status'], env);
      expectMessage(ran, 5, /password/i);
      expect(ran.err).not.toContain('wr0ng');
      const right = { ...redis(server.port), NOVA_HA_STORE_REDIS_PASSWORD: 'right' };
      expect(await cli.run(['status'], right)).toMatchObject({
        code: 0,
        err: 'No host is marked.\n',
      });
    } finally {
      await server.stop();
    }
  });

  it('a directory that is none, or of somebody else', async () => {
    const file = join(cli.directory, 'a-file');
    await writeFile(file, '');
    const set = (path: string) => ['mark', 'compute-4', '--set', `store.directory=${path}`];
    expectMessage(await cli.run(set(join(file, 'store'))), 5, /a-file/);
    const closed = join(cli.directory, 'closed');
    await mkdir(closed, { mode: 0o700 });
    expectMessage(
      await cli.runAsNobody(set(join(closed, 'store'))),
      5,
      /permission denied|EACCES/i,
    );
  });
});
