import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Finished } from '../support/built-agent.ts';
import { startCli, type Cli } from '../support/cli-process.ts';
import { expectFreshDist } from '../support/fresh-dist.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';

let cli: Cli;

beforeAll(() => {
  expectFreshDist();
});

beforeEach(async () => {
  cli = await startCli({ instances: 1 });
});

afterEach(async () => {
  await cli.stop();
});

const COMMANDS = [['status'], ['mark', 'compute-1'], ['worker', '--once']] as const;

/** One message that names the place and the remedy; no trace of a stack. */
function expectMessage({ code, out, err }: Finished, place: RegExp, remedy: RegExp): void {
  expect(err).toMatch(place);
  expect(err).toMatch(remedy);
  expect(err).not.toMatch(/^\s+at |node:internal|\.cjs:\d+|undefined|\[object/m);
  expect(err.trimEnd().split('\n').length).toBeLessThanOrEqual(2);
  expect(out).toBe('');
  expect(code).toBe(5);
}

describe('data of somebody else under our keys in Redis', () => {
  let redis: RedisServer;
  let env: Readonly<Record<string, string>>;

  beforeAll(async () => {
    redis = await startRedis();
    env = {
      NOVA_HA_STORE_KIND: 'redis',
      NOVA_HA_STORE_REDIS_URL: `redis://127.0.0.1:${String(redis.port)}`,
    };
  });

  afterAll(async () => {
    await redis.stop();
  });

  /** Everything that Redis holds, as text; `probe` is written by every check of the store. */
  const contents = async (): Promise<string> => {
    const names = (await redis.cli('--raw', 'keys', '*')).split('\n');
    const keys = names.filter((key) => !key.includes('{probe}')).sort();
    const dumps = await Promise.all(keys.map((key) => redis.cli('dump', key)));
    return keys.map((key, index) => `${key} ${dumps[index] ?? ''}`).join('\n');
  };

  it('is named and left as it is', async () => {
    expect((await cli.run(['mark', 'compute-1'], env)).code).toBe(0);
    const key = (await redis.cli('--raw', 'keys', '*'))
      .split('\n')
      .find((name) => name.includes('compute-1'));
    await redis.cli('del', key ?? '');
    await redis.cli('set', key ?? '', 'of somebody else');
    const before = await contents();
    for (const args of COMMANDS) {
      const ran = await cli.run(args, env);
      expectMessage(ran, /the key nova-ha:\{?compute-1\}?\S* /, /delete|remove/);
    }
    expect(await contents()).toBe(before);
  });
});

describe('data of a newer release', () => {
  const store = (): string => join(cli.directory, 'state', 'store');

  /** The newest file of a chain, as a release of the future would have written it. */
  async function age(...chain: readonly string[]): Promise<string> {
    const directory = join(store(), ...chain);
    const names = (await readdir(directory)).filter((name) => /\d/.test(name)).sort();
    const path = join(directory, names.at(-1) ?? '');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replaceAll('"format":1', '"format":2'));
    return path;
  }

  it('is never to be thrown away: the remedy is an update', async () => {
    expect((await cli.run(['mark', 'compute-1'])).code).toBe(0);
    const path = await age('hosts', 'compute-1', 'records');
    for (const args of COMMANDS) {
      const ran = await cli.run(args);
      expectMessage(
        ran,
        /records\/\d+\.json cannot be read/,
        /of a newer nova-ha.*: update this one/,
      );
      expect(ran.err).not.toMatch(/away|delete|remove/);
    }
    expect(await readFile(path, 'utf8')).toContain('"format":2');
  });

  it('among the switches holds everything, and doctor calls it wrong', async () => {
    expect((await cli.run(['pause', '--reason', 'a test'])).code).toBe(0);
    await age('switches');
    const { code, out } = await cli.run(['doctor']);
    expect(out).toMatch(/^wrong {2}switches\n +NH104 .* of a newer nova-ha.*: update this one/m);
    expect(out).not.toMatch(/away|delete/);
    expect(code).toBe(5);
  });
});

describe('data of somebody else in the directory of the store', () => {
  const store = (): string => join(cli.directory, 'state', 'store');
  const records = (): string => join(store(), 'hosts', 'compute-1', 'records');

  it('is named and left as it is', async () => {
    expect((await cli.run(['mark', 'compute-1'])).code).toBe(0);
    const names = (await readdir(records())).filter((name) => /\d/.test(name)).sort();
    const newest = join(records(), names.at(-1) ?? '');
    await writeFile(newest, 'of somebody else\n');
    for (const args of COMMANDS) {
      expectMessage(await cli.run(args), /hosts\/compute-1\/records/, /away/);
    }
    expect(await readFile(newest, 'utf8')).toBe('of somebody else\n');
    expect((await readdir(records())).filter((name) => /\d/.test(name)).sort()).toEqual(names);
  });

  it('beside the hosts does not disturb', async () => {
    await mkdir(join(store(), 'hosts', 'compute-1'), { recursive: true });
    await writeFile(join(store(), 'README'), 'keep out');
    await writeFile(join(store(), 'hosts', 'compute-1', 'note'), 'mine');
    expect((await cli.run(['mark', 'compute-1'])).code).toBe(0);
    const { code, out } = await cli.run(['status', '--json']);
    expect(code).toBe(0);
    expect(out).toContain('compute-1');
  });
});
