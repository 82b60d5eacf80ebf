import fc from 'fast-check';
import type { Service } from '../../src/domain/host.ts';
import { known, unknown, type Known } from '../../src/domain/known.ts';
import type { ActionTrace, Answer, Observation, Sighting } from '../../src/domain/observation.ts';
import { applied, refused, uncertain } from '../../src/domain/outcome.ts';
import type { Summary } from '../../src/domain/summary.ts';
import type { Switch } from '../../src/domain/switches.ts';
import { fleet, H1, H2, H3, instance, isolated, peer, row, service, T0, vm } from './domain.ts';

const IDS = [vm(1), vm(2), vm(3)];
const VM_STATES = ['active', 'stopped', 'error', 'paused', 'building'];
const STATUSES = ['accepted', 'pre-migrating', 'done', 'completed', 'failed', 'error', 'odd'];
const FAULTS = [null, 'No valid host was found.', 'Conflict updating instance', 'no space left'];
const hosts = fc.constantFrom(H1, H2, H3);

/** Now and then an answer does not come. */
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Known<T>> =>
  fc.oneof(
    { weight: 5, arbitrary: value.map((one) => known(one, T0)) },
    { weight: 1, arbitrary: fc.constant(unknown('503')) },
  );

/** The service of the failed host in every state that people and time can bring it into. */
const sourceService: fc.Arbitrary<Service> = fc
  .record({
    status: fc.constantFrom('enabled', 'disabled'),
    state: fc.constantFrom('up', 'down'),
    forcedDown: fc.boolean(),
    disabledReason: fc.constantFrom(
      null,
      isolated().disabledReason,
      'maintenance',
      'AUTO: libvirt',
    ),
    updatedAt: fc.constantFrom('a', 'b', 'c'),
  })
  .map((change) => ({ ...service(H1, change), state: change.forcedDown ? 'down' : change.state }));

const rows = fc
  .array(
    fc.record({
      instance: fc.constantFrom(...IDS),
      status: fc.constantFrom(...STATUSES),
      destination: fc.constantFrom(null, H2, H3),
    }),
    { maxLength: 6 },
  )
  .map((list) => list.map((one, index) => row(index + 1, one.status, one)).reverse());

const times = fc.constantFrom(null, '2026-11-01T00:00:00Z', '2026-11-18T08:26:55Z');
const sighting = (id: Sighting['id']): fc.Arbitrary<Sighting | null> =>
  fc.option(
    fc.record({
      id: fc.constant(id),
      host: hosts,
      vmState: fc.constantFrom(...VM_STATES, 'deleted'),
      taskState: fc.constantFrom(null, 'rebuilding', 'rebuild_spawning'),
      fault: fc.constantFrom(...FAULTS),
      faultAt: times,
    }),
    { freq: 6 },
  );

const ASKED = '2026-11-18T08:26:50.000000';
const STEPS = ['none', 'running', 'done', 'failed'] as const;
const trace: fc.Arbitrary<ActionTrace | null> = fc.option(
  fc.record({
    requestId: fc.constant('req'),
    startedAt: fc.constantFrom('', '2026-11-18T08:26:49.000000'),
    scheduledAt: fc.constantFrom(null, ASKED),
    fault: fc.constantFrom(...FAULTS),
    ran: fc.boolean(),
    buildingOn: fc.constantFrom(null, H2, H3),
    scheduling: fc.constantFrom(...STEPS),
    building: fc.constantFrom(...STEPS),
  }),
);

const answer: fc.Arbitrary<Answer> = fc.record({
  instance: fc.constantFrom(...IDS),
  attempt: fc.integer({ min: 1, max: 3 }),
  outcome: fc.constantFrom<Answer['outcome']>(
    applied({ requestId: null }),
    uncertain('time-out'),
    refused('not-sent', 'refused'),
    refused('wrong-state', 'vm_state paused', 409),
    refused('service-up', 'still in use', 400),
    refused('unsupported', 'vTPM', 400),
  ),
});

const inventory = fc.subarray(IDS).chain((ids) =>
  fc.tuple(
    ...ids.map((id) =>
      fc
        .record({
          vmState: fc.constantFrom(...VM_STATES),
          taskState: fc.constantFrom(null, 'migrating', 'rebuilding', 'deleting'),
          fault: fc.constantFrom(...FAULTS),
          faultAt: times,
        })
        .map((change) => instance(id, change)),
    ),
  ),
);

const neighbour = fc
  .record({
    phase: fc.constantFrom('marked', 'evacuating', 'settled', 'readmitting', 'closed'),
    provenAt: fc.constantFrom(null, T0, T0 + 60_000),
    excused: fc.boolean(),
    inFlight: fc.integer({ min: 0, max: 3 }),
    lastSign: fc.constantFrom(null, isolated().updatedAt),
  })
  .chain((change) =>
    fc
      .constantFrom<Partial<Summary>>({}, {}, { queuedOn: [H1] }, { queuedSince: T0 })
      .map((queued) => peer(H2, { ...change, ...queued })),
  );

const switches: fc.Arbitrary<readonly Switch[]> = fc.oneof(
  { weight: 4, arbitrary: fc.constant([]) },
  fc.array(
    fc.record({
      kind: fc.constantFrom('pause', 'freeze', 'maintenance'),
      scope: fc.constantFrom<Switch['scope']>(
        { of: 'all' },
        { of: 'host', host: H1 },
        { of: 'host', host: H2 },
        { of: 'aggregate', name: 'gold' },
      ),
      reason: fc.constant('storage work'),
      by: fc.constant('anna'),
      since: fc.constant(T0),
      until: fc.constantFrom(null, T0 + 1, T0 + 600_000),
    }),
    { minLength: 1, maxLength: 2 },
  ),
);

/** Anything that a turn can see, however little sense it makes together. */
export const observations: fc.Arbitrary<Observation> = fc
  .record({
    source: fc.option(sourceService, { freq: 9 }),
    other: fc.constantFrom(service(H2), isolated(H2), { host: H2, state: 'unknown' as const }),
    reported: fc.constantFrom(service().updatedAt, '2026-11-18T08:30:00.000000'),
    plane: fc.integer({ min: 0, max: 1 }),
    fleetKnown: fc.integer({ min: 0, max: 6 }),
    proof: maybe(fc.constantFrom(null, { source: 'power' as const, at: T0, detail: 'off' })),
    inventory: maybe(inventory),
    groups: maybe(fc.constant([])),
    migrations: maybe(rows),
    sightings: fc.tuple(...IDS.map((id) => maybe(sighting(id)))),
    traces: fc.tuple(...IDS.map(() => maybe(trace))),
    peers: maybe(fc.option(neighbour).map((one) => (one === null ? [] : [one]))),
    answers: fc.array(answer, { maxLength: 2 }),
    switches: maybe(switches),
  })
  .map((drawn) => {
    const third = service(H3, { updatedAt: drawn.reported });
    const services = [...(drawn.source === null ? [] : [drawn.source]), drawn.other, third];
    const plane = { conductorsUp: drawn.plane, schedulersUp: 1 };
    return {
      fleet: drawn.fleetKnown === 0 ? unknown('503') : known(fleet(services, plane), T0),
      proof: drawn.proof,
      inventory: drawn.inventory,
      groups: drawn.groups,
      migrations: drawn.migrations,
      sightings: new Map(IDS.map((id, i) => [id, drawn.sightings[i] ?? unknown('')] as const)),
      traces: new Map(IDS.map((id, i) => [id, drawn.traces[i] ?? unknown('')] as const)),
      peers: drawn.peers,
      answers: drawn.answers,
      switches: drawn.switches,
    };
  });
