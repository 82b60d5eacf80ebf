import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startCli, type Cli } from '../support/cli-process.ts';
import { until } from '../support/until.ts';

let cli: Cli;

beforeEach(async () => {
  cli = await startCli({ instances: 5, spawnMs: 300 });
});

afterEach(async () => {
  await cli.stop();
});

const isEmpty = (host: string): boolean => cli.cloud.host(host).instances.size === 0;
const moving = (): number => cli.cloud.world.truth.moves.size;

describe('drain', () => {
  it('empties a living host, live and cold, and enables it again when told', async () => {
    cli.cloud.boot({ host: 'compute-1', vmState: 'stopped', count: 2 });
    const plan = await cli.run(['drain', 'compute-1', '--dry-run']);
    expect(plan.out).toContain('7 of 7 instances would be moved');
    expect(cli.cloud.host('compute-1').disabled).toBe(false);
    const { code, out, err } = await cli.run(['drain', 'compute-1', '--reason', 'new disks']);
    expect(err).toContain('compute-1: all moved (7/7)');
    expect(code).toBe(0);
    expect(out).toMatch(/compute-1 vm-1: moved to compute-\d/);
    expect(isEmpty('compute-1')).toBe(true);
    expect(cli.cloud.host('compute-1').guests.size).toBe(0);
    expect(cli.cloud.host('compute-1').disabledReason).toMatch(
      /^nova-ha: drain \S+ by anna@\S+: new disks$/,
    );
    expect(cli.cloud.doubles()).toEqual([]);
    const vmStates = cli.cloud.world.instances.ordered.map(({ vmState }) => vmState);
    expect(vmStates.filter((state) => state === 'stopped')).toHaveLength(2);
    expect((await cli.run(['drain', 'compute-1', '--undo'])).code).toBe(0);
    expect(cli.cloud.host('compute-1').disabled).toBe(false);
  });

  it('goes on where a killed run was, and confirms what that run had asked for', async () => {
    cli.cloud.boot({ host: 'compute-1', vmState: 'stopped', count: 3 });
    const limits = { NOVA_HA_PACE_IN_FLIGHT: '4' };
    const first = cli.start(['drain', 'compute-1', '--json'], limits);
    await until(() => moving() > 2);
    first.child.kill('SIGKILL');
    await first.finished;
    await until(() => moving() === 0);
    expect(isEmpty('compute-1')).toBe(false);
    const { code, out } = await cli.run(['drain', 'compute-1', '--json'], limits);
    const last = JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as object;
    expect(last).toMatchObject({ schema: 1, kind: 'summary', exit: 'done', phase: 'moved' });
    expect(code).toBe(0);
    expect(isEmpty('compute-1')).toBe(true);
    expect(cli.cloud.doubles()).toEqual([]);
    expect(cli.cloud.world.truth.movesPeak).toBeLessThanOrEqual(4);
    for (const { migrations, vmState } of cli.cloud.world.instances.ordered) {
      expect(migrations).toHaveLength(1);
      expect(['active', 'stopped']).toContain(vmState);
    }
  });

  it('says what goes on after Ctrl-C', async () => {
    const watching = cli.start(['drain', 'compute-1'], { NOVA_HA_PACE_IN_FLIGHT: '2' });
    await until(() => moving() > 1);
    watching.child.kill('SIGINT');
    const { code, err } = await watching.finished;
    expect(err).toMatch(
      /Nova ends the \d migrations that it has begun; \d instances were not asked/,
    );
    expect(err).toContain('To go on: nova-ha drain compute-1');
    expect(code).toBe(8);
    await until(() => moving() === 0);
  });

  it('asks for no more after --timeout, and goes on when it is given again', async () => {
    cli.cloud.boot({ host: 'compute-1', count: 10 });
    const limits = { NOVA_HA_PACE_IN_FLIGHT: '1' };
    const { code, err } = await cli.run(['drain', 'compute-1', '--timeout', '0.5s'], limits);
    expect(err).toMatch(/\d+ instances were not asked for. To go on: nova-ha drain compute-1/);
    expect(code).toBe(8);
    await until(() => moving() === 0);
    expect(isEmpty('compute-1')).toBe(false);
    expect((await cli.run(['drain', 'compute-1', '--timeout', '10m'])).code).toBe(0);
    expect(isEmpty('compute-1')).toBe(true);
    expect(cli.cloud.doubles()).toEqual([]);
  });

  it('refuses a dead host, a marked one, and targets that can take nothing', async () => {
    expect((await cli.run(['drain', 'compute-9'])).err).toContain('NH103');
    const target = await cli.run(['drain', 'compute-1', '--target-host', 'compute-1']);
    expect(target.err).toContain('NH612 refused: compute-1 cannot take instances');
    await cli.run(['mark', 'compute-2']);
    const marked = await cli.run(['drain', 'compute-2']);
    expect(marked.err).toContain('NH611 refused: compute-2 is marked as failed (marked)');
    expect(marked.code).toBe(3);
    cli.cloud.powerOff('compute-1');
    // As long as Nova calls it up, a drain would be begun, and wait for the other host.
    const dry = ['drain', 'compute-1', '--dry-run'];
    await until(async () => (await cli.run(dry)).err.includes('NH610 refused'));
    expect((await cli.run(['drain', 'compute-1'])).err).toContain('NH610 refused');
  });

  it('leaves the disable of somebody else to him', async () => {
    const theirs = { disabled: true, disabledReason: 'leased line' };
    Object.assign(cli.cloud.host('compute-1'), theirs);
    const { code, err } = await cli.run(['drain', 'compute-1']);
    expect(err).toContain('compute-1 is disabled already (leased line) and stays so.');
    expect(code).toBe(0);
    const undone = await cli.run(['drain', 'compute-1', '--undo']);
    expect(undone.err).toContain('NH617 refused');
    expect(cli.cloud.host('compute-1').disabledReason).toBe('leased line');
  });
});

describe('failback', () => {
  it('brings home what the last evacuation moved away, once the host is back in service', async () => {
    cli.cloud.powerOff('compute-1');
    const evacuated = await cli.run(['evacuate', 'compute-1', '--confirm-fenced', '--force']);
    expect(evacuated.code).toBe(0);
    const early = await cli.run(['failback', 'compute-1']);
    expect(early.err).toContain('NH611 refused: compute-1 is marked as failed');
    expect(early.code).toBe(3);
    const worker = cli.start(['worker']);
    cli.cloud.powerOn('compute-1');
    await until(async () => (await cli.run(['failback', 'compute-1', '--dry-run'])).code === 0);
    worker.child.kill('SIGTERM');
    await worker.finished;
    const [stopped] = cli.cloud.world.instances.ordered;
    if (stopped !== undefined) cli.cloud.setInstanceState(stopped.id, { vmState: 'stopped' });
    const { code, err, out } = await cli.run(['failback', 'compute-1']);
    expect(out).toContain('it cannot be migrated in vm_state stopped');
    expect(err).toContain('compute-1: 5/5');
    expect(code).toBe(1);
    expect(cli.cloud.host('compute-1').instances.size).toBe(4);
    expect(cli.cloud.doubles()).toEqual([]);
    expect((await cli.run(['failback', 'compute-2'])).err).toContain('NH615 refused');
  });
});
