import { beforeEach, describe, expect, it } from 'vitest';
import { createOpenStack } from '../../src/adapters/openstack/openstack.ts';
import type { Http } from '../../src/adapters/openstack/exchange.ts';
import type { Capacity } from '../../src/engine/ports.ts';
import { createLab, type Lab } from '../support/simulated-cloud.ts';
import { ADMIN, simulatedHttp } from '../support/simulated-http.ts';

const say = (): void => undefined;
const log = { debug: say, info: say, warn: say, error: say };

let lab: Lab;
let asked: string[];
let capacity: Capacity;

beforeEach(() => {
  lab = createLab();
  asked = [];
  const way = simulatedHttp(lab.cloud);
  const http: Http = {
    send: (request) => {
      asked.push(request.url);
      return way.send(request);
    },
  };
  ({ capacity } = createOpenStack({ cloud: ADMIN, clock: lab.clock, log, http }));
});

describe('what is free', () => {
  it('is read for all hosts in two calls, by the names of their services', async () => {
    const [id = ''] = lab.cloud.boot({ host: 'compute-1' });
    const { flavor } = lab.cloud.instance(id);
    const rooms = await capacity.rooms();
    if (rooms.kind === 'unknown') throw new Error(rooms.why);
    expect(rooms.value.map(({ host }) => host)).toEqual(['compute-1', 'compute-2', 'compute-3']);
    const [used, free] = rooms.value;
    expect((free?.memoryMib ?? 0) - (used?.memoryMib ?? 0)).toBe(flavor.memoryMb);
    expect((free?.vcpus ?? 0) - (used?.vcpus ?? 0)).toBe(flavor.vcpus);
    expect(free?.vcpus).toBe(4 * lab.cloud.host('compute-2').vcpus);
    expect(asked.filter((url) => /allocation_candidates|hypervisors/.test(url))).toHaveLength(2);
  });

  it('tells which hosts Placement keeps the scheduler from', async () => {
    lab.updateService('compute-2', { status: 'disabled', disabled_reason: 'reserved' });
    lab.pass(120_000);
    const rooms = await capacity.rooms();
    const disabled = rooms.kind === 'known' ? rooms.value.filter(({ disabled: off }) => off) : [];
    expect(disabled.map(({ host }) => host)).toEqual(['compute-2']);
  });

  it('is asked for where placement_endpoint_override says', async () => {
    const way = simulatedHttp(lab.cloud);
    const cloud = { ...ADMIN, endpointOverrides: { placement: 'http://placement.internal/api/' } };
    const http: Http = {
      send: (request) => {
        const url = request.url.replace('placement.internal/api', 'cloud.test/placement');
        asked.push(request.url);
        return way.send({ ...request, url });
      },
    };
    const other = createOpenStack({ cloud, clock: lab.clock, log, http });
    expect(await other.capacity.rooms()).toMatchObject({ kind: 'known' });
    const where = asked.find((url) => url.includes('allocation_candidates'));
    expect(where).toMatch(/^http:\/\/placement\.internal\/api\/allocation_candidates\?/);
  });

  it('is unknown without Placement in the catalog, or when it answers nonsense', async () => {
    const way = simulatedHttp(lab.cloud);
    const broken: Http = {
      send: (request) =>
        request.url.includes('allocation_candidates')
          ? Promise.resolve({ kind: 'response', status: 200, headers: {}, body: {}, text: '{}' })
          : way.send(request),
    };
    const other = createOpenStack({ cloud: ADMIN, clock: lab.clock, log, http: broken });
    expect(await other.capacity.rooms()).toMatchObject({ kind: 'unknown' });
    const auth = { kind: 'fixed', endpoint: 'http://nova.test', token: null } as const;
    const gone: Http = { send: () => Promise.resolve({ kind: 'not-sent', why: 'refused' }) };
    const fixed = createOpenStack({ cloud: { ...ADMIN, auth }, clock: lab.clock, log, http: gone });
    expect(await fixed.capacity.rooms()).toMatchObject({
      why: expect.stringContaining('set placement_endpoint_override') as string,
    });
  });
});
