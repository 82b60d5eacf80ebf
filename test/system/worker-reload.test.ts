import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asHost } from '../../src/domain/ids.ts';
import type { Running } from '../support/built-agent.ts';
import { listenToNotify } from '../support/notify-socket.ts';
import { until } from '../support/until.ts';
import { setStage, terminate, watching, type Stage } from '../support/worker-stage.ts';

const HOST = 'compute-1';
/** A share of nothing holds everything; with the whole, one host is no storm. */
const HELD = 'storm: {max_share: 0}\n';
const FREE = 'storm: {max_share: 1}\n';

let stage: Stage;
let file: string;

beforeEach(async () => {
  stage = await setStage({ env: { NOVA_HA_STORM_MAX_SHARE: '' } });
  file = join(stage.directory, 'nova-ha.yaml');
  stage.cloud.boot({ host: HOST, count: 3 });
});

afterEach(() => stage.stop());

/** Starts a worker on a file, and keeps what it says. */
async function start(
  text: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly worker: Running; readonly said: () => string }> {
  await writeFile(file, text);
  const worker = stage.start(['worker'], { NOVA_HA_CONFIG: file, ...env });
  let log = '';
  worker.child.stderr?.on('data', (chunk: Buffer) => (log += chunk.toString()));
  await watching(worker);
  return { worker, said: () => log };
}

async function reasons(): Promise<readonly string[]> {
  const read = await stage.store.read(asHost(HOST));
  return read.kind === 'known'
    ? (read.value?.evacuation.reasons ?? []).map(({ code }) => code)
    : [];
}

describe('a worker that gets SIGHUP', () => {
  it('goes on by the new policy at once, and by the old one while the file is wrong', async () => {
    const { worker, said } = await start(HELD);
    await stage.lose(HOST);
    await stage.mark(HOST);
    await until(async () => (await reasons()).includes('NH201'));

    await writeFile(file, 'storm:\n  max_shares: 1\n');
    worker.child.kill('SIGHUP');
    await until(() => said().includes('was not taken over'));
    const line = said()
      .split('\n')
      .find((one) => one.includes('was not taken over'));
    expect(line).toContain(`error: The configuration was not taken over, the old one holds: `);
    expect(line).toContain(`${file}:2:3: `);
    expect(line).toContain('Did you mean "max_share"?');
    expect(await reasons()).toEqual(['NH201']);

    await writeFile(file, `${FREE}openstack: {password: other}\n`);
    worker.child.kill('SIGHUP');
    await until(() => stage.isSettled(HOST), 60_000);
    expect(said()).toContain(`${file} was read again: changed: storm.max_share (0 -> 1)`);
    expect(said()).toContain('after a restart of the worker only: openstack.password');
    expect(said()).not.toContain('other');
    expect(await terminate(worker)).toMatchObject({ code: 0, signal: null });
  });

  it('tells systemd when it begins and when it has ended', async () => {
    const socket = await listenToNotify(stage.directory);
    const { worker, said } = await start(FREE, { NOTIFY_SOCKET: socket.path });
    await until(() => socket.heard('READY=1') === 1);
    worker.child.kill('SIGHUP');
    await until(() => said().includes('nothing changed'));
    await until(() => socket.heard('RELOADING=1\nMONOTONIC_USEC=') === 1);
    await until(() => socket.heard('READY=1') === 2);
    expect((await terminate(worker)).code).toBe(0);
    await socket.close();
  });

  it('ends by it when it has been asked for one look only', async () => {
    stage.simulator.faults.add({
      match: { method: 'GET', path: '/os-services' },
      fault: { kind: 'hang', effect: false },
    });
    await stage.mark(HOST);
    const once = stage.start(['worker', '--once']);
    await until(() => (stage.simulator.faults.hits()[0]?.hits ?? 0) > 0);
    once.child.kill('SIGHUP');
    expect(await once.finished).toMatchObject({ signal: 'SIGHUP' });
  });
});
