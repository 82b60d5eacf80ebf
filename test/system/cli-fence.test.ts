import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startCli, workersOf, type Cli } from '../support/cli-process.ts';
import { ensureDebianPackages } from '../support/debian-packages.ts';
import { until } from '../support/until.ts';

let cli: Cli;

beforeAll(ensureDebianPackages, 300_000);

beforeEach(async () => {
  cli = await startCli({ instances: 3 });
});

afterEach(async () => {
  await cli.stop();
});

const SECRET = 'hunter2-of-the-bmc';

/** Debian's fence_dummy as the BMC of every host: a file says whether the power is on. */
async function withBmc(kind: 'file' | 'fail', mode = 0o600) {
  const power = join(cli.directory, 'power');
  const optionsFile = join(cli.directory, 'bmc');
  await writeFile(power, 'on');
  await writeFile(
    optionsFile,
    `type=${kind}\nstatus_file=${power}\npower_timeout=1\npassword=${SECRET}\n`,
  );
  await chmod(optionsFile, mode);
  const agent = { hosts: ['compute-*'], agent: 'fence_dummy', options_file: optionsFile };
  const env = { NOVA_HA_POWER: JSON.stringify([agent]), NOVA_HA_PACEMAKER_ENABLED: 'off' };
  return { env, power: () => readFile(power, 'utf8') };
}

describe('evacuate --fence', () => {
  it('cuts the power through a real fence agent, and evacuates by its word', async () => {
    const { env, power } = await withBmc('file');
    cli.cloud.powerOff('compute-1');
    const { code, out, err } = await cli.run(['evacuate', 'compute-1', '--fence', '--force'], env);
    expect(err).toContain('compute-1 is off (fence_dummy says off).');
    expect(err).toContain('compute-1 is evacuated: 3/3.');
    expect(code).toBe(0);
    expect(await power()).toBe('off');
    expect(cli.cloud.doubles()).toEqual([]);
    expect(out + err).not.toContain(SECRET);
    const history = await cli.run(['history', 'compute-1'], env);
    expect(history.out).toContain('fence_dummy says off');
    await until(async () => (await workersOf(cli.directory)).length === 0);
  });

  it('leaves the mark when the agent fails, and moves nothing', async () => {
    const { env } = await withBmc('fail');
    cli.cloud.powerOff('compute-1');
    const { code, err } = await cli.run(['evacuate', 'compute-1', '--fence', '--force'], env);
    expect(code).toBe(1);
    expect(err).toMatch(/nova-ha: compute-1 may still be on: the power agent fence_dummy/);
    expect(err).toContain('nova-ha unmark compute-1');
    expect(err).not.toContain(SECRET);
    const { out } = await cli.run(['status', 'compute-1', '--json'], env);
    expect(JSON.parse(out)).toMatchObject({ phase: 'marked' });
    expect(await workersOf(cli.directory)).toEqual([]);
  });

  it('refuses before it marks: a running host, secrets that all can read, no agent at all', async () => {
    const { env, power } = await withBmc('file', 0o644);
    const running = await cli.run(['evacuate', 'compute-1', '--fence'], env);
    expect([running.code, running.err]).toEqual([3, expect.stringMatching(/^NH602 refused: /)]);
    cli.cloud.powerOff('compute-1');
    const open = await cli.run(['evacuate', 'compute-1', '--fence', '--force'], env);
    expect(open.code).toBe(3);
    expect(open.err).toMatch(/can be read by every user: chmod 600 /);
    const nobody = await cli.run(['evacuate', 'compute-1', '--fence', '--force'], {
      NOVA_HA_PACEMAKER_ENABLED: 'off',
    });
    expect(nobody.code).toBe(3);
    expect(nobody.err).toContain('no power agent is configured');
    expect(await power()).toBe('on');
    expect((await cli.run(['status', 'compute-1'], env)).out).not.toContain('marked');
  });
});

describe('the worker', () => {
  it('takes the word of a power agent for a host that somebody else marked', async () => {
    const { env, power } = await withBmc('file');
    cli.cloud.powerOff('compute-1');
    await cli.run(['mark', 'compute-1'], env);
    const worker = cli.start(['worker'], env);
    const phase = async () => {
      const { out } = await cli.run(['status', 'compute-1', '--json'], env);
      return (JSON.parse(out) as { readonly phase: string }).phase;
    };
    await until(() => cli.cloud.hosts().some((h) => h.name === 'compute-1' && h.forcedDown));
    expect(await phase()).toBe('marked');
    expect(await power()).toBe('on');
    await writeFile(join(cli.directory, 'power'), 'off');
    await until(async () => (await phase()) === 'settled');
    expect(cli.cloud.doubles()).toEqual([]);
    worker.child.kill('SIGTERM');
    expect((await worker.finished).code).toBe(0);
  });

  it('waits for a pacemaker store that is away, and stops when it is told to', async () => {
    const worker = cli.start(['worker'], { NOVA_HA_STORE_KIND: 'pacemaker' });
    let said = '';
    worker.child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await until(() => /the store does not answer \(.+\); waiting/.test(said));
    expect(worker.child.exitCode).toBeNull();
    worker.child.kill('SIGTERM');
    expect((await worker.finished).code).toBe(0);
  });
});

describe('a machine that is no member of a cluster', () => {
  it('says so for the pacemaker store, with the remedy', async () => {
    const { code, err } = await cli.run(['status'], { NOVA_HA_STORE_KIND: 'pacemaker' });
    expect(code).toBe(5);
    expect(err).toMatch(/run nova-ha on a (full )?member of the cluster/);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });

  it('prints the commands for nodes that are given, and has nothing to check', async () => {
    const { code, out } = await cli.run(['pacemaker', '--pcs', '--controller', 'ctl-1', 'c-1']);
    expect(code).toBe(0);
    expect(out).toContain('pcs stonith level add 1 c-1 power-c-1 fence-nova');
    const check = await cli.run(['pacemaker', '--check']);
    expect(check.code).toBe(1);
    expect(check.err).toMatch(/^nova-ha: there is no cluster to be checked: /);
  });
});
