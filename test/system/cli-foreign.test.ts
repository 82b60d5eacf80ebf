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
