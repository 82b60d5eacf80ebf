import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isServiceUp } from '../../src/simulator/hosts.ts';
import { instancesOn } from '../support/aftermath.ts';
import { built, runProgram } from '../support/built-agent.ts';
import { startCli, workersOf, type Cli } from '../support/cli-process.ts';
import { expectFreshDist } from '../support/fresh-dist.ts';
import { until } from '../support/until.ts';

let cli: Cli;

beforeAll(() => {
  expectFreshDist();
});

beforeEach(async () => {
  cli = await startCli({ instances: 4, spawnMs: 200 });
});

afterEach(async () => {
  await cli.stop();
});

const HOST = 'compute-1';
const SURE = ['--confirm-fenced'];
const noneAreLeft = async (): Promise<boolean> => (await workersOf(cli.directory)).length === 0;

/** The host dies, and Nova comes to see it. */
async function lose(): Promise<void> {
  cli.cloud.powerOff(HOST);
  await until(() => !isServiceUp(cli.cloud.world, cli.cloud.host(HOST)));
}

interface Line {
  readonly schema: number;
  readonly kind: string;
  readonly what?: string;
  readonly instance?: string | null;
}

const linesOf = (out: string): readonly Line[] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

describe('evacuate by hand', () => {
  it('prints nothing but JSON documents with --json, whose keys are stable', async () => {
    await lose();
    const { code, out } = await cli.run(['evacuate', HOST, ...SURE, '--json']);
    expect(code).toBe(0);
    const lines = linesOf(out);
    expect(lines.every(({ schema }) => schema === 1)).toBe(true);
    const changes = lines.slice(0, -1);
    for (const change of changes) {
      expect(Object.keys(change)).toEqual([
        ...['schema', 'kind', 'at', 'host', 'event', 'instance', 'what', 'sentence'],
      ]);
    }
    for (const id of cli.cloud.world.instances.ordered.map((one) => one.id)) {
      const last = changes.findLast(({ instance }) => instance === id);
      expect(last?.what).toBe('landed');
    }
    expect(lines.at(-1)).toMatchObject({
      kind: 'summary',
      exit: 'done',
      exit_code: 0,
      host: HOST,
      phase: 'settled',
      total: 4,
      finished: 4,
    });
    await until(noneAreLeft);
  });

  it('moves only the instance that was named, to the host that was named', async () => {
    await lose();
    const [first = '', ...others] = instancesOn(cli.cloud, HOST);
    const target = ['--instance', first, '--target-host', 'compute-3'];
    const { code } = await cli.run(['evacuate', HOST, ...SURE, ...target]);
    expect(code).toBe(0);
    expect(cli.cloud.instance(first).host?.name).toBe('compute-3');
    for (const id of others) expect(cli.cloud.evacuatePosts(id)).toEqual([]);
    // Whom nobody asked for then can be asked for later.
    expect((await cli.run(['evacuate', HOST, ...SURE])).code).toBe(0);
    for (const id of others) expect(cli.cloud.evacuatePosts(id)).toHaveLength(1);
    expect(cli.cloud.evacuatePosts(first)).toHaveLength(1);
  });

  it('stops watching when the time is up, not the evacuation', async () => {
    await lose();
    for (const name of ['compute-2', 'compute-3', 'compute-4']) cli.cloud.setSpawnDelay(name, 3000);
    const { code, err } = await cli.run(['evacuate', HOST, ...SURE, '--timeout', '1s']);
    expect(code).toBe(8);
    expect(err).toContain(`The time is up; the evacuation of ${HOST} goes on`);
    await until(() => cli.cloud.world.migrations.length === 4);
    await until(noneAreLeft);
    expect(cli.cloud.doubles()).toEqual([]);
  });

  it('is refused for a living host, an unproven one and an unknown one, and leaves nothing', async () => {
    const living = await cli.run(['evacuate', HOST]);
    expect(living).toMatchObject({ code: 3, out: '' });
    expect(living.err).toMatch(/^NH602 refused: .*\n/);
    const unknown = await cli.run(['evacuate', 'compute-9', ...SURE]);
    expect(unknown).toMatchObject({ code: 3, out: '' });
    await lose();
    expect((await cli.run(['evacuate', HOST])).err).toMatch(/^NH601 refused: /);
    expect(await cli.run(['status'])).toMatchObject({ code: 0, err: 'No host is marked.\n' });
    const changes = cli.cloud.requests.list().filter(({ service, method }) => {
      return service === 'compute' && method !== 'GET';
    });
    expect(changes).toEqual([]);
    expect(await noneAreLeft()).toBe(true);
  });
});

/** Runs the command on a pseudo-terminal of its own, as somebody sees it. */
function onTerminal(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const words = [process.execPath, built('nova-ha.cjs'), ...args];
  const line = words.map((word) => `'${word}'`).join(' ');
  return runProgram('/usr/bin/script', {
    args: ['--quiet', '--return', '--command', `stty rows 30 cols 100; ${line}`, '/dev/null'],
    env: { ...cli.env, TERM: 'xterm-256color', ...env },
    cwd: cli.directory,
    input: null,
  });
}

const ESCAPE = String.fromCharCode(27);
const HIDE = `${ESCAPE}[?25l`;
const SHOW = `${ESCAPE}[?25h`;

describe('on a terminal', () => {
  it('draws a table that it draws again, and gives the cursor back', async () => {
    await lose();
    const { code, out } = await onTerminal(['evacuate', HOST, ...SURE]);
    expect(code).toBe(0);
    expect(out).toContain('INSTANCE');
    expect(out.split('INSTANCE').length).toBeGreaterThan(2);
    expect(out.lastIndexOf(SHOW)).toBeGreaterThan(out.lastIndexOf(HIDE));
    expect(out).toContain(`${HOST} is evacuated: 4/4.`);
    await until(noneAreLeft);
  });

  it('draws no table on a dumb one', async () => {
    await lose();
    const { code, out } = await onTerminal(['evacuate', HOST, ...SURE], { TERM: 'dumb' });
    expect(code).toBe(0);
    expect(out).not.toContain(`${ESCAPE}[?25`);
    expect(out).toContain('Completed evacuation of compute-1');
  });
});
