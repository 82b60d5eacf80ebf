import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectEvacuatedOnce, instancesOn } from '../support/aftermath.ts';
import { expectFreshDist } from '../support/fresh-dist.ts';
import { listenToNotify, type NotifySocket } from '../support/notify-socket.ts';
import { turnedClock } from '../support/turned-clock.ts';
import { until } from '../support/until.ts';
import { setStage, terminate, type Stage, type StageOptions } from '../support/worker-stage.ts';

const HOST = 'compute-1';
const HOUR_MS = 3_600_000;

let stage: Stage;
let lost: Record<string, readonly string[]>;

beforeAll(() => {
  expectFreshDist();
});

afterEach(async () => {
  await stage.stop();
});

/** Guests on a host that is about to fail. */
async function prepare(options: StageOptions = {}, count = 12): Promise<void> {
  stage = await setStage({ ...options, env: { NOVA_HA_PACE_IN_FLIGHT: '3', ...options.env } });
  stage.cloud.boot({ host: HOST, count });
  lost = { [HOST]: instancesOn(stage.cloud, HOST) };
}

/** The host fails; resolves while evacuations are on their way. */
async function fail(): Promise<void> {
  await stage.lose(HOST);
  await stage.mark(HOST);
  await until(() => stage.cloud.flights().now > 0);
}

const sent = (): number => stage.cloud.world.migrations.length;

describe('a worker that is told to end', () => {
  it('drains within seconds, sends nothing more, and the next one adopts what flies', async () => {
    await prepare({ spawnMs: 1500 });
    const first = await stage.startWorker();
    await fail();
    const { code, err, signal } = await terminate(first);
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(err).toContain('the worker has stopped');
    const before = sent();
    expect(stage.cloud.flights().now).toBeGreaterThan(0);
    await until(() => stage.cloud.flights().now === 0);
    expect(sent()).toBe(before);
    const second = await stage.startWorker();
    await until(() => stage.isSettled(HOST), 60_000);
    await expectEvacuatedOnce(stage, lost);
    expect(sent()).toBe(lost[HOST]?.length);
    expect((await terminate(second)).code).toBe(0);
  });

  it('gives its leases back: the next one need not wait for them to end', async () => {
    await prepare({ env: { NOVA_HA_WORKER_LEASE: '10m' } });
    const first = await stage.startWorker();
    await fail();
    expect((await terminate(first)).code).toBe(0);
    await stage.startWorker();
    await until(() => stage.isSettled(HOST), 60_000);
    await expectEvacuatedOnce(stage, lost);
  });

  it('ends at once when it is told twice', async () => {
    await prepare();
    const worker = await stage.startWorker();
    stage.simulator.faults.add({
      match: { method: 'GET', path: '/os-services' },
      fault: { kind: 'hang', effect: false },
    });
    await stage.mark(HOST);
    await until(() => (stage.simulator.faults.hits()[0]?.hits ?? 0) > 0);
    worker.child.kill('SIGTERM');
    await stage.start(['status']).finished;
    worker.child.kill('SIGTERM');
    expect(await worker.finished).toMatchObject({ code: 130 });
  });
});

describe('a worker under systemd', () => {
  let socket: NotifySocket;
  const heard = (assignment: string): number => socket.heard(assignment);

  beforeEach(async () => {
    // The status is told every two seconds at most.
    await prepare({ spawnMs: 1000 });
    socket = await listenToNotify(stage.directory);
  });

  afterEach(async () => {
    await socket.close();
  });

  const supervised = (): Readonly<Record<string, string>> => ({
    NOTIFY_SOCKET: socket.path,
    WATCHDOG_USEC: '600000',
  });

  it('says READY once, what it does, that it lives, and STOPPING', async () => {
    const worker = await stage.startWorker(supervised());
    await until(() => heard('READY=1') === 1);
    await fail();
    await until(() => heard(`STATUS=${HOST} evacuating`) > 0);
    const before = heard('WATCHDOG=1');
    await until(() => heard('WATCHDOG=1') > before + 2);
    await until(() => stage.isSettled(HOST), 60_000);
    expect((await terminate(worker)).code).toBe(0);
    await until(() => heard('STOPPING=1') === 1);
    expect(heard('READY=1')).toBe(1);
    await expectEvacuatedOnce(stage, lost);
  });

  it('is not restarted for a Nova that hangs, and keeps its leases meanwhile', async () => {
    await stage.startWorker(supervised());
    await until(() => heard('WATCHDOG=1') > 0);
    stage.simulator.faults.add({
      match: { method: 'GET', path: '/os-(services|migrations)' },
      fault: { kind: 'hang', effect: false },
    });
    await stage.lose(HOST);
    await stage.mark(HOST);
    await until(() => (stage.simulator.faults.hits()[0]?.hits ?? 0) > 0);
    const start = await renewals();
    const before = heard('WATCHDOG=1');
    await until(async () => (await renewals()) > start + 3);
    await until(() => heard('WATCHDOG=1') > before + 2);
  });
});

/** Counts how often the lease on the host was written: its directory holds one file per version. */
async function renewals(): Promise<number> {
  const directory = join(stage.directory, 'state', 'store', 'hosts', HOST, 'leases');
  const names = await readdir(directory).catch(() => []);
  return Math.max(0, ...names.map((name) => Number(/\d+/.exec(name)?.[0] ?? 0)));
}

describe('an evacuation while', () => {
  it('tokens end again and again', async () => {
    await prepare();
    const worker = await stage.startWorker();
    await fail();
    while (!(await stage.isSettled(HOST))) {
      const before = sent();
      stage.cloud.expireTokens();
      await until(async () => sent() > before || (await stage.isSettled(HOST)), 30_000);
    }
    await expectEvacuatedOnce(stage, lost);
    expect((await terminate(worker)).err).not.toContain('gAAAA');
  });

  it('tokens live for two seconds only', async () => {
    await prepare({ cloud: { timings: { tokenLifetimeMs: 2000 } } }, 24);
    await stage.startWorker();
    await fail();
    await until(() => stage.isSettled(HOST), 60_000);
    await expectEvacuatedOnce(stage, lost);
  });

  it.each([HOUR_MS, -HOUR_MS])(
    'the clock of the machine is %i ms off, and is turned as much again',
    async (offsetMs) => {
      await prepare();
      const clock = await turnedClock(stage.directory, offsetMs);
      const worker = await stage.startWorker(clock);
      await fail();
      const before = sent();
      worker.child.kill('SIGUSR2');
      await until(() => sent() > before, 30_000);
      await until(() => stage.isSettled(HOST), 60_000);
      await expectEvacuatedOnce(stage, lost);
    },
  );
});
