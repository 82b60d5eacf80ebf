import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOpenStack } from '../../src/adapters/openstack/openstack.ts';
import type { OpenStack } from '../../src/adapters/openstack/openstack.ts';
import { asHost, asInstance } from '../../src/domain/ids.ts';
import type { Known } from '../../src/domain/known.ts';
import { createRealClock } from '../../src/simulator/clock.ts';
import { createCloud } from '../../src/simulator/cloud.ts';
import type { Cloud } from '../../src/simulator/cloud.ts';
import type { Fault } from '../../src/simulator/faults.ts';
import { createRandom } from '../../src/simulator/random.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import type { Simulator } from '../../src/simulator/server.ts';
import { ADMIN } from '../support/simulated-http.ts';
import { until } from '../support/until.ts';

const H1 = asHost('compute-1');
const lines: string[] = [];
const log = Object.fromEntries(
  ['debug', 'info', 'warn', 'error'].map((level) => [
    level,
    (sentence: string, fields?: unknown) => lines.push(`${sentence} ${JSON.stringify(fields)}`),
  ]),
) as unknown as Parameters<typeof createOpenStack>[0]['log'];

let cloud: Cloud;
let simulator: Simulator;
let openstack: OpenStack;

beforeEach(async () => {
  lines.length = 0;
  const timings = {
    conductorMs: 1,
    schedulerMs: 1,
    spawnMs: 1,
    claimMs: 1,
    prepareMs: 1,
    saveMs: 1,
  };
  cloud = createCloud({
    clock: createRealClock(),
    random: createRandom(7),
    hosts: 3,
    timings: { ...timings, finishMs: 1 },
  });
  simulator = await startSimulator({ cloud });
  openstack = createOpenStack({
    cloud: { ...ADMIN, authUrl: simulator.authUrl },
    clock: { now: () => Date.now() },
    log,
    readDeadlineMs: 1_000,
    writeDeadlineMs: 1_000,
  });
});

afterEach(async () => {
  openstack.close();
  await simulator.close();
});

const why = (observed: Known<unknown>): string =>
  observed.kind === 'unknown' ? observed.why : 'known';

/** An instance on a host that is off and isolated through the adapter. */
async function isolated(): Promise<ReturnType<typeof asInstance>> {
  const [id = ''] = cloud.boot({ host: 'compute-1' });
  cloud.powerOff('compute-1');
  const change = { status: 'disabled', disabledReason: 'nova-ha: e1', forcedDown: true } as const;
  const outcome = await openstack.compute.changeService(
    cloud.host('compute-1').serviceUuid,
    change,
  );
  expect(outcome.kind).toBe('applied');
  return asInstance(id);
}

describe('over HTTP', () => {
  it('a healthy cloud passes the self check', async () => {
    cloud.boot({ host: 'compute-1' });
    expect(await openstack.check()).toEqual([]);
  });

  it('an evacuation is sent and seen through', async () => {
    const id = await isolated();
    const outcome = await openstack.compute.evacuate(id, null);
    expect(outcome).toMatchObject({ kind: 'applied' });
    await until(async () => {
      const rows = await openstack.compute.evacuationsFrom(H1, 0);
      return rows.kind === 'known' && rows.value[0]?.status === 'done';
    });
    const seen = await openstack.compute.sighting(id);
    expect(seen.kind === 'known' ? seen.value?.host : null).not.toBe('compute-1');
    expect(cloud.doubles()).toEqual([]);
  });

  it.each<[string, Fault, number]>([
    ['a reset after the effect', { kind: 'reset-after' }, 1],
    ['a reset before the effect', { kind: 'reset-before' }, 0],
    ['a 504 with effect', { kind: 'status', status: 504, effect: true }, 1],
    ['a 500 without effect', { kind: 'status', status: 500, effect: false }, 0],
    ['silence', { kind: 'hang', effect: true }, 1],
    ['a late answer', { kind: 'latency', delayMs: 60_000 }, 1],
  ])('%s leaves an evacuation uncertain, sent exactly once', async (_, fault, effects) => {
    const id = await isolated();
    simulator.faults.add({ match: { action: 'evacuate' }, fault });
    expect((await openstack.compute.evacuate(id, null)).kind).toBe('uncertain');
    expect(simulator.faults.hits()[0]?.hits).toBe(1);
    expect(cloud.evacuatePosts(id)).toHaveLength(effects);
  });

  it.each<[string, Fault]>([
    ['a drip', { kind: 'drip', bytes: 1, everyMs: 50 }],
    ['garbage', { kind: 'garbage' }],
    ['half a body', { kind: 'truncated' }],
    ["a proxy's page", { kind: 'html', status: 200 }],
    ["a proxy's 404", { kind: 'html', status: 404 }],
    ['a body that means nothing', { kind: 'wrong-content', body: { servers: 'none' } }],
  ])('%s makes a list unknown, never empty', async (_, fault) => {
    cloud.boot({ host: 'compute-1', count: 3 });
    simulator.faults.add({ match: { path: '/servers/detail' }, fault });
    expect(why(await openstack.compute.instancesOn(H1))).toContain('/servers/detail');
  });

  it('one reset of a read is made good', async () => {
    cloud.boot({ host: 'compute-1', count: 3 });
    simulator.faults.add({
      match: { path: '/servers/detail', times: 1 },
      fault: { kind: 'reset-before' },
    });
    const all = await openstack.compute.instancesOn(H1);
    expect(all.kind === 'known' ? all.value : []).toHaveLength(3);
  });

  it('a token that ends in between is renewed', async () => {
    const id = await isolated();
    cloud.expireTokens();
    expect((await openstack.compute.evacuate(id, null)).kind).toBe('applied');
  });

  it('a Keystone that breaks refuses writes before they are sent', async () => {
    simulator.faults.add({
      match: { service: 'identity' },
      fault: { kind: 'status', status: 503, effect: false },
    });
    const outcome = await openstack.compute.evacuate(asInstance('x'), null);
    expect(outcome).toMatchObject({ kind: 'refused', refusal: { cause: 'not-sent' } });
  });

  it('no secret reaches the log', async () => {
    const id = await isolated();
    await openstack.compute.evacuate(id, null);
    expect(lines.length).toBeGreaterThan(3);
    expect(lines.join('\n')).not.toContain('secret');
    const tokens = [...cloud.world.identity.tokens.keys()];
    expect(tokens.length).toBeGreaterThan(0);
    for (const token of tokens) expect(lines.join('\n')).not.toContain(token);
  });
});
