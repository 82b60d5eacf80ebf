/**
 * Listing the servers of a host.
 */
import { fault, get, type Expectation } from '../expectation.ts';

const DETAIL = '/servers/detail?all_tenants=1';
const UNKNOWN = '00000000-0000-4000-8000-000000000000';

/** What the lists of servers answer. */
export const SERVERS: readonly Expectation[] = [
  {
    name: 'a host with several instances is read page by page',
    why: 'an inventory that misses a page forgets guests',
    fresh: true,
    steps: [
      { boot: 'one', on: 'a' },
      { boot: 'two', on: 'a' },
      { boot: 'three', on: 'a' },
      { boot: 'other', on: 'b' },
      get(`${DETAIL}&host={a}`, 200, {
        servers: { $length: 3 },
        servers_links: { $absent: true },
      }),
      {
        ask: { path: `${DETAIL}&host={a}&limit=2` },
        answer: {
          status: 200,
          body: {
            servers: [{ 'OS-EXT-SRV-ATTR:host': '{a}' }, { 'OS-EXT-SRV-ATTR:host': '{a}' }],
            servers_links: [{ rel: 'next', href: { $match: 'marker=' } }],
          },
        },
        keep: { first: 'servers.0.id', second: 'servers.1.id' },
      },
      get(`${DETAIL}&host={a}&limit=2&marker={second}`, 200, {
        servers: [{ id: { $not: '{first}' }, 'OS-EXT-SRV-ATTR:host': '{a}' }],
        servers_links: { $absent: true },
      }),
      get(`${DETAIL}&host={a}&sort_key=uuid&sort_dir=asc&limit=1`, 200, {
        servers: { $length: 1 },
      }),
      get(`${DETAIL}&host={b}`, 200, { servers: [{ id: '{other}' }] }),
      get(`${DETAIL}&host=nosuch`, 200, { servers: [] }),
      // Not "no limit": nothing.
      get(`${DETAIL}&host={a}&limit=0`, 200, { servers: [] }),
      get(`${DETAIL}&host={a}&limit=100000`, 200, { servers: { $length: 3 } }),
    ],
  },
  {
    name: 'questions that make no sense are refused',
    why: 'a marker may have been deleted between two pages',
    fresh: false,
    steps: [
      get(
        `${DETAIL}&marker=${UNKNOWN}`,
        400,
        fault('badRequest', 400, `marker [${UNKNOWN}] not found`),
      ),
      get(
        `${DETAIL}&limit=-1`,
        400,
        fault('badRequest', 400, { $match: 'query parameters limit' }),
      ),
      get(`${DETAIL}&sort_key=nosuch`, 400, fault('badRequest', 400, { $match: 'is not one of' })),
      get(`${DETAIL}&bogus=1`, 400, fault('badRequest', 400, { $match: "'bogus'" })),
      get(`${DETAIL}&bogus=1&host=nosuch`, 200, { servers: [] }, { microversion: '2.74' }),
    ],
  },
  {
    name: 'a server shows what an evacuation has to know',
    why: 'classification rests on these members',
    fresh: false,
    steps: [
      { boot: 'vm', on: 'b' },
      get('/servers/{vm}', 200, {
        server: {
          id: '{vm}',
          status: 'ACTIVE',
          tenant_id: { $type: 'string' },
          'OS-EXT-SRV-ATTR:host': '{b}',
          'OS-EXT-SRV-ATTR:hypervisor_hostname': { $type: 'string' },
          'OS-EXT-STS:vm_state': 'active',
          'OS-EXT-STS:task_state': null,
          'OS-EXT-STS:power_state': 1,
          'os-extended-volumes:volumes_attached': [],
          'OS-EXT-AZ:availability_zone': { $type: 'string' },
          'OS-SRV-USG:launched_at': { $type: 'string' },
          host_status: 'UP',
          locked: false,
          locked_reason: null,
          metadata: {},
          tags: [],
          image: { id: { $type: 'string' } },
          flavor: {
            vcpus: 1,
            original_name: { $type: 'string' },
            extra_specs: {},
            id: { $absent: true },
          },
          server_groups: [],
          fault: { $absent: true },
        },
      }),
      // The list says less: no server groups.
      get(`${DETAIL}&host={b}`, 200, {
        servers: { $some: { id: '{vm}', host_status: 'UP', server_groups: { $absent: true } } },
      }),
      get(
        '/servers/{vm}',
        200,
        { server: { flavor: { id: { $type: 'string' } } } },
        {
          microversion: '2.46',
        },
      ),
    ],
  },
  {
    name: 'a server that is not there',
    why: 'it was deleted: nothing is left to evacuate',
    fresh: false,
    steps: [
      get(
        `/servers/${UNKNOWN}`,
        404,
        fault('itemNotFound', 404, `Instance ${UNKNOWN} could not be found.`),
      ),
      get(
        `/servers/${UNKNOWN}/os-instance-actions`,
        404,
        fault('itemNotFound', 404, `Instance ${UNKNOWN} could not be found.`),
      ),
    ],
  },
];
