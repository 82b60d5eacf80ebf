import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRealClock } from '../../src/simulator/clock.ts';
import { createCloud } from '../../src/simulator/cloud.ts';
import type { Cloud } from '../../src/simulator/cloud.ts';
import type { Fault } from '../../src/simulator/faults.ts';
import { createRandom } from '../../src/simulator/random.ts';
import { asRecord } from '../../src/simulator/request.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import type { Simulator } from '../../src/simulator/server.ts';
import { passwordAuth } from '../support/simulated-cloud.ts';

const PROJECT = { project: { name: 'admin', domain: { id: 'default' } } };
const FAST = {
  conductorMs: 1,
  schedulerMs: 1,
  claimMs: 1,
  prepareMs: 1,
  spawnMs: 1,
  saveMs: 1,
  finishMs: 1,
};

let cloud: Cloud;
let simulator: Simulator;
let token: string;

async function signIn(authUrl: string): Promise<Response> {
  return await fetch(`${authUrl}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(passwordAuth('admin', 'secret', PROJECT)),
  });
}

async function compute(
  path: string,
  init: { method?: string; body?: unknown } = {},
): Promise<Response> {
  const { method = 'GET', body } = init;
  return await fetch(`${simulator.endpoints.compute}${path}`, {
    method,
    headers: { 'x-auth-token': token, 'openstack-api-version': 'compute 2.93' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function control(name: string, body?: unknown): Promise<unknown> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  return await (await fetch(`${simulator.controlUrl}/${name}`, init)).json();
}

beforeEach(async () => {
  cloud = createCloud({
    clock: createRealClock(),
    random: createRandom(1),
    hosts: 3,
    timings: FAST,
  });
  simulator = await startSimulator({ cloud });
  token = (await signIn(simulator.authUrl)).headers.get('x-subject-token') ?? '';
});

afterEach(async () => {
  await simulator.close();
});

describe('the HTTP face', () => {
  it('has a catalog which points to itself', async () => {
    const body = (await (await signIn(simulator.authUrl)).json()) as Record<string, unknown>;
    const catalog = asRecord(body['token'])?.['catalog'];
    expect(JSON.stringify(catalog)).toContain(`"url":"${simulator.endpoints.compute}"`);
    expect((await compute('/')).status).toBe(200);
  });

  it('evacuates, and tells the truth at its control door', async () => {
    const { ids } = (await control('boot', { host: 'compute-1', count: 3 })) as { ids: string[] };
    await control('power-off', { host: 'compute-1' });
    const uuid = cloud.host('compute-1').serviceUuid;
    const forced = await compute(`/os-services/${uuid}`, {
      method: 'PUT',
      body: { forced_down: true },
    });
    expect(forced.status).toBe(200);
    for (const id of ids) {
      const answer = await compute(`/servers/${id}/action`, {
        method: 'POST',
        body: { evacuate: {} },
      });
      expect(answer.status).toBe(200);
      expect(await answer.text()).toBe('');
    }
    await expect
      .poll(async () => {
        const answer = await compute('/os-migrations?source_compute=compute-1&status=done');
        return ((await answer.json()) as { migrations: unknown[] }).migrations.length;
      })
      .toBe(3);
    expect(await control('doubles')).toEqual([]);
    expect(await control('requests')).toMatchObject({ total: expect.any(Number) as number });
  });

  it('answers mistakes at the control door with a sentence', async () => {
    expect(await control('power-off', { host: 'nosuch' })).toEqual({
      error: 'the simulated cloud has no host nosuch',
    });
    expect(await control('nosuch')).toMatchObject({ error: 'no such control: GET nosuch' });
  });

  it('says 400 to a body that is no JSON', async () => {
    const answer = await fetch(simulator.endpoints.compute, { method: 'POST', body: '{' });
    expect(answer.status).toBe(400);
  });

  it('switches machines through their management controllers', async () => {
    const bmc = `${simulator.url}/_bmc`;
    const off = { method: 'POST', body: JSON.stringify({ power: 'off' }) };
    expect(await (await fetch(`${bmc}/compute-2`)).json()).toEqual({ power: 'on' });
    await fetch(`${bmc}/compute-2`, off);
    expect(await (await fetch(`${bmc}/compute-2`)).json()).toEqual({ power: 'off' });
    expect(cloud.host('compute-2').compute).toBe('stopped');
    await control('bmc', { host: 'compute-1', behaviour: 'unreachable' });
    expect((await fetch(`${bmc}/compute-1`, off)).status).toBe(504);
    expect((await fetch(`${bmc}/nosuch`)).status).toBe(404);
  });
});

describe('faults on the socket', () => {
  const hit = async (fault: Fault): Promise<Response> => {
    await control('faults', { clear: true, rules: [{ match: { service: 'compute' }, fault }] });
    return await compute('/os-services');
  };
  const listings = (): number => cloud.requests.of('compute', 'GET', '/os-services');

  it('breaks the connection before or after the effect', async () => {
    await expect(hit({ kind: 'reset-before' })).rejects.toThrow();
    expect(listings()).toBe(0);
    await expect(hit({ kind: 'reset-after' })).rejects.toThrow();
    expect(listings()).toBe(1);
  });

  it('cuts the body in the middle', async () => {
    const answer = await hit({ kind: 'truncated' });
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow();
  });

  it('drips the body to the end', async () => {
    const answer = await hit({ kind: 'drip', bytes: 200, everyMs: 1 });
    expect(await answer.json()).toHaveProperty('services');
  });

  it('sends garbage, pages of a proxy, wrong content and errors', async () => {
    await expect((await hit({ kind: 'garbage' })).json()).rejects.toThrow();
    const page = await hit({ kind: 'html', status: 502 });
    expect(page.status).toBe(502);
    expect(await page.text()).toContain('<html>');
    expect(await (await hit({ kind: 'wrong-content', body: [] })).json()).toEqual([]);
    const busy = await hit({ kind: 'status', status: 429, effect: false, retryAfterS: 7 });
    expect(busy.status).toBe(429);
    expect(busy.headers.get('retry-after')).toBe('7');
  });

  it('never answers, until the client gives up', async () => {
    await control('faults', { rules: [{ match: {}, fault: { kind: 'hang', effect: false } }] });
    const signal = AbortSignal.timeout(50);
    await expect(fetch(simulator.endpoints.compute, { signal })).rejects.toThrow();
  });
});

describe('the simulator as a process', () => {
  it('prints where it is, answers, and ends at SIGTERM', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'simulator-'));
    const outfile = join(directory, 'simulator.cjs');
    const entryPoints = [new URL('../../src/simulator/main.ts', import.meta.url).pathname];
    await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'cjs' });
    const child = spawn(process.execPath, [outfile, '--hosts', '2', '--instances', '6'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const lines = createInterface({ input: child.stdout });
      const [line] = (await once(lines, 'line')) as [string];
      const ready = JSON.parse(line) as Record<string, string>;
      expect(ready).toMatchObject({ username: 'admin', project: 'admin', region: 'RegionOne' });
      expect((await signIn(ready['authUrl'] ?? '')).status).toBe(201);
      const guests = (await (
        await fetch(`${ready['controlUrl'] ?? ''}/guests`)
      ).json()) as unknown[];
      expect(guests).toHaveLength(6);
      child.kill('SIGTERM');
      const [code] = (await once(child, 'exit')) as [number | null];
      expect(code).toBe(0);
    } finally {
      child.kill('SIGKILL');
      rmSync(directory, { recursive: true });
    }
  });
});
