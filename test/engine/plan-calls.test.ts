import { describe, expect, it } from 'vitest';
import { createOpenStack } from '../../src/adapters/openstack/openstack.ts';
import { createMemoryStore } from '../../src/adapters/store/memory.ts';
import { asHost } from '../../src/domain/ids.ts';
import { wholeHost } from '../../src/domain/mark.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.ts';
import { planHost } from '../../src/engine/plan-host.ts';
import { createKeptLog } from '../support/engine.ts';
import { createLab } from '../support/simulated-cloud.ts';
import { ADMIN, simulatedHttp } from '../support/simulated-http.ts';

const INSTANCES = 500;
const IMAGES = 60;

/** A plan for a host with many instances, and every call that it took, the sign-in included. */
async function planMany(policy: Policy, furnish: (image: number) => readonly string[] = () => []) {
  const { cloud, clock } = createLab();
  const host = cloud.hosts()[0]?.name ?? '';
  const images = Array.from({ length: IMAGES }, (_, n) =>
    cloud.createImage(`image-${String(n)}`, { tags: furnish(n) }),
  );
  for (let n = 0; n < INSTANCES; n += 1) {
    cloud.boot({ host, imageId: images[n % IMAGES] ?? null, name: `vm-${String(n)}` });
  }
  cloud.createAggregate('rack', { hosts: [host] });
  const http = simulatedHttp(cloud);
  const store = createMemoryStore({
    clock: { now: () => clock.now(), monotonicMs: () => clock.now() },
  });
  const parts = createOpenStack({ cloud: ADMIN, clock, log: createKeptLog(), http });
  const plan = await planHost(
    { ...parts, store, policy, now: clock.now() },
    asHost(host),
    wholeHost,
  );
  if (plan.kind === 'unknown') throw new Error(plan.why);
  const moving = plan.value.instances.filter(({ verdict }) => verdict === 'evacuate');
  return { calls: http.sent.length, moving: moving.length, total: plan.value.instances.length };
}

const selecting = (mode: Policy['select']['mode']): Policy => ({
  ...DEFAULT_POLICY,
  select: { ...DEFAULT_POLICY.select, mode },
});

describe('a plan for 500 instances', () => {
  it('takes a handful of calls by default', async () => {
    const { calls, ...counts } = await planMany(DEFAULT_POLICY);
    expect(counts).toEqual({ moving: INSTANCES, total: INSTANCES });
    expect(calls).toBeLessThanOrEqual(12);
  });

  it('takes at most 20 when tags are looked for everywhere, and none is there', async () => {
    const { calls, ...counts } = await planMany(selecting('tagged-or-all'));
    expect(counts).toEqual({ moving: INSTANCES, total: INSTANCES });
    expect(calls).toBeLessThanOrEqual(20);
  });

  it('G13, F13: sees tags beyond the first 25 images, and asks for no flavor by itself', async () => {
    const last = (n: number): readonly string[] => (n === IMAGES - 1 ? ['evacuable'] : []);
    const { calls, moving } = await planMany(selecting('tagged'), last);
    expect(moving).toBe(Math.floor(INSTANCES / IMAGES));
    expect(calls).toBeLessThanOrEqual(20);
  });
});
