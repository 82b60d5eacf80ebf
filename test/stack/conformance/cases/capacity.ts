/**
 * Placement: what is free where, asked in one request for all hosts.
 */
import {
  action,
  eventually,
  failed,
  get,
  setService,
  SOON_MS,
  type HostName,
  type Request,
  type Step,
} from '../expectation.ts';
import type { Expectation } from '../expectation.ts';

const CANDIDATES = '/allocation_candidates?resources=MEMORY_MB:1';
const DISABLED = 'COMPUTE_STATUS_DISABLED';
const AMOUNT = { $type: 'number' };
const UNKNOWN = '00000000-0000-4000-8000-000000000000';

const asking: Partial<Request> = {
  service: 'placement',
  headers: { 'OpenStack-API-Version': 'placement 1.29' },
};
const placement = (path: string, status: number, body?: unknown, more = {}): Step =>
  get(path, status, body, { ...asking, ...more });
const soon = (path: string, body: unknown): Step => ({
  ask: { ...asking, path },
  answer: { status: 200, body },
  withinMs: SOON_MS,
});

/** The provider of a host is the hypervisor that Nova lists for its service. */
const provider = (host: HostName): Step => ({
  ask: {
    path: `/os-hypervisors/detail?hypervisor_hostname_pattern={${host}}`,
    microversion: '2.88',
  },
  answer: {
    status: 200,
    body: { hypervisors: [{ service: { host: `{${host}}` }, vcpus: { $absent: true } }] },
  },
  keep: { [`node.${host}`]: 'hypervisors.0.id' },
});
const summary = (host: HostName, expected: unknown): unknown => ({
  provider_summaries: { [`{node.${host}}`]: expected },
});
const used = (host: HostName, count: number): unknown =>
  summary(host, { resources: { VCPU: { used: count }, DISK_GB: { used: count } } });
const fault = (status: number, title: string): unknown => ({ errors: [{ status, title }] });

/** What Placement answers, and what evacuations do to it. */
export const CAPACITY: readonly Expectation[] = [
  {
    name: 'the candidates for one MiB are all hosts, with what they have and what is used',
    why: 'the forecast of a whole region is made from this one answer',
    fresh: true,
    steps: [
      provider('a'),
      { boot: 'vm', on: 'a' },
      placement(CANDIDATES, 200, {
        allocation_requests: { $length: 4 },
        ...(summary('a', {
          resources: {
            VCPU: { capacity: AMOUNT, used: 1 },
            MEMORY_MB: { capacity: AMOUNT, used: { $not: 0 } },
            DISK_GB: { capacity: AMOUNT, used: 1 },
          },
          traits: { $not: { $some: DISABLED } },
          parent_provider_uuid: null,
          root_provider_uuid: '{node.a}',
        }) as object),
      }),
    ],
  },
  {
    name: 'a host that is disabled stays a candidate, with a trait',
    why: 'the scheduler asks for hosts without the trait; who counts room has to leave it out himself',
    fresh: false,
    steps: [
      provider('a'),
      setService('a', { status: 'disabled' }, 200),
      soon(CANDIDATES, summary('a', { traits: { $some: DISABLED } })),
      placement(`${CANDIDATES}&required=!${DISABLED}`, 200, {
        allocation_requests: { $length: 3 },
        ...(summary('a', { $absent: true }) as object),
      }),
      setService('a', { status: 'enabled' }, 200),
      soon(CANDIDATES, summary('a', { traits: { $not: { $some: DISABLED } } })),
    ],
  },
  {
    name: 'a host that is disabled while it is down gets no trait',
    why: 'Placement calls it a candidate until it boots: the list of services decides, not Placement',
    fresh: true,
    steps: [
      provider('a'),
      ...failed('a'),
      placement(CANDIDATES, 200, summary('a', { traits: { $not: { $some: DISABLED } } })),
    ],
  },
  {
    name: 'an evacuated instance is booked twice until its old host has cleaned up',
    why: 'what is used on a failed host says nothing; what it had is not free elsewhere',
    fresh: true,
    steps: [
      provider('a'),
      provider('b'),
      { boot: 'vm', on: 'a' },
      setService('c', { status: 'disabled' }, 200),
      setService('d', { status: 'disabled' }, 200),
      ...failed('a'),
      action('{vm}', { evacuate: {} }, 200),
      eventually('/servers/{vm}', { server: { 'OS-EXT-SRV-ATTR:host': '{b}' } }),
      placement(CANDIDATES, 200, used('a', 1)),
      placement(CANDIDATES, 200, used('b', 1)),
      placement('/allocations/{vm}', 200, {
        allocations: {
          '{node.a}': { resources: { VCPU: 1 } },
          '{node.b}': { resources: { VCPU: 1 } },
        },
      }),
      { startCompute: 'a' },
      soon(CANDIDATES, used('a', 0)),
      placement('/allocations/{vm}', 200, {
        allocations: { '{node.a}': { $absent: true }, '{node.b}': { resources: { VCPU: 1 } } },
      }),
    ],
  },
  {
    name: 'what fits nowhere has no candidates, and that is no error',
    why: 'a full host is left out: it has nothing free',
    fresh: false,
    steps: [
      placement('/allocation_candidates?resources=MEMORY_MB:100000000', 200, {
        allocation_requests: [],
      }),
    ],
  },
  {
    name: 'a provider shows its inventories and usages',
    why: 'what the capacity in the summaries is made of: total less reserved, times the ratio',
    fresh: false,
    steps: [
      provider('a'),
      placement('/resource_providers?name={a}', 200, {
        resource_providers: [{ uuid: '{node.a}', name: '{a}', root_provider_uuid: '{node.a}' }],
      }),
      placement('/resource_providers/{node.a}/inventories', 200, {
        inventories: {
          VCPU: { total: 1000, reserved: AMOUNT, allocation_ratio: AMOUNT },
          MEMORY_MB: { total: AMOUNT, reserved: AMOUNT, allocation_ratio: AMOUNT },
          DISK_GB: { total: AMOUNT, reserved: AMOUNT, allocation_ratio: AMOUNT },
        },
      }),
      placement('/resource_providers/{node.a}/usages', 200, {
        usages: { VCPU: AMOUNT, MEMORY_MB: AMOUNT, DISK_GB: AMOUNT },
      }),
    ],
  },
  {
    name: 'what makes no sense is refused in an envelope of its own',
    why: 'no forecast is made from an error; its words go into the plan',
    fresh: false,
    steps: [
      placement('/allocation_candidates', 400, fault(400, 'Bad Request')),
      placement('/allocation_candidates?resources=NOSUCH:1', 400, fault(400, 'Bad Request')),
      placement(`/resource_providers/${UNKNOWN}`, 404, fault(404, 'Not Found')),
      placement(CANDIDATES, 406, fault(406, 'Not Acceptable'), {
        headers: { 'OpenStack-API-Version': 'placement 1.999' },
      }),
      placement(CANDIDATES, 401, undefined, { token: null }),
    ],
  },
];
