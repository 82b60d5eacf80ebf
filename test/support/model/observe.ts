import type { Service } from '../../../src/domain/host.ts';
import type { Instance } from '../../../src/domain/instance.ts';
import { known, unknown } from '../../../src/domain/known.ts';
import type { Migration } from '../../../src/domain/migration.ts';
import type { Observation, Sighting } from '../../../src/domain/observation.ts';
import { firstQuestions, followUps } from '../../../src/domain/questions.ts';
import { summaryOf } from '../../../src/domain/summary.ts';
import { fleet, H1, H2, instance, row, service, vm as idOf } from '../domain.ts';
import type { Vm } from './nova.ts';
import { NOW, POLICY, type Memory, type World } from './world.ts';

const FAULTS = {
  room: 'No valid host was found. There are not enough hosts available.',
  spawn: 'internal error: process exited',
  late: "Conflict updating instance. Expected: {'task_state': ['rebuild_spawning']}.",
} as const;

const faultOf = (vm: Vm): Pick<Sighting, 'fault' | 'faultAt'> =>
  vm.fault === null
    ? { fault: null, faultAt: null }
    : { fault: FAULTS[vm.fault], faultAt: '2026-11-18T08:26:55Z' };
const stateOf = (vm: Vm): string => (vm.error ? 'error' : 'active');
const taskOf = (vm: Vm): string | null => (vm.task === 'spawning' ? 'rebuild_spawning' : vm.task);

/** The service of the failed host as Nova shows it. */
export function sourceService({ source }: World): Service {
  return service(H1, {
    status: source.disabledReason === null ? 'enabled' : 'disabled',
    state: source.up && !source.forcedDown ? 'up' : 'down',
    forcedDown: source.forcedDown,
    disabledReason: source.disabledReason,
    updatedAt: `put ${String(source.puts)}`,
  });
}

function listed(vm: Vm, index: number): Instance {
  const change = { vmState: stateOf(vm), taskState: taskOf(vm), ...faultOf(vm) };
  return instance(idOf(index + 1), change);
}

function migrations(world: World): readonly Migration[] {
  return world.vms.flatMap((vm, index) =>
    vm.rows.map(({ id, status }) => row(id, status, { instance: idOf(index + 1) })),
  );
}

function sighting(vm: Vm, index: number): Sighting {
  return {
    id: idOf(index + 1),
    host: vm.moved ? H2 : H1,
    vmState: stateOf(vm),
    taskState: taskOf(vm),
    ...faultOf(vm),
  };
}

/** What a turn sees when it looks now, asking just what the real one asks. `blind`: Nova's API fails. */
export function look(world: World, memory: Memory, blind: boolean): Observation {
  const { record } = world;
  const first = firstLook(world, memory, blind);
  const more = followUps(record, first, POLICY, NOW);
  const indexOf = (id: string): number => world.vms.findIndex((_, i) => idOf(i + 1) === id);
  const seen = new Map<Sighting['id'], ReturnType<typeof known<Sighting | null>>>();
  const wanted = new Set(more.sightings);
  world.vms.forEach((vm, index) => {
    const one = sighting(vm, index);
    if (wanted.has(one.id) || more.changedSince !== null) seen.set(one.id, known(one, NOW));
  });
  const traces = more.traces.map((id) => {
    const trace = world.vms[indexOf(id)]?.trace ?? null;
    const shown =
      trace === null
        ? null
        : {
            requestId: 'req',
            startedAt: row(1, 'accepted').createdAt,
            buildingOn: null,
            ran: false,
            ...trace,
            fault: trace.fault === undefined ? null : FAULTS[trace.fault],
          };
    return [id, known(shown, NOW)] as const;
  });
  const inventory =
    more.inventory && first.inventory.kind === 'unknown' ? all(world) : first.inventory;
  const groups = more.groups ? known([], NOW) : first.groups;
  const rows = more.migrationsAfter === null ? first.migrations : known(migrations(world), NOW);
  if (blind) return { ...first, sightings: new Map() };
  return {
    ...first,
    inventory,
    groups,
    migrations: rows,
    sightings: seen,
    traces: new Map(traces),
  };
}

const all = (world: World): Observation['inventory'] =>
  known(
    world.vms.flatMap((vm, index) => (vm.moved ? [] : listed(vm, index))),
    NOW,
  );

function firstLook(world: World, memory: Memory, blind: boolean): Observation {
  const { record } = world;
  const asked = firstQuestions(record, POLICY, NOW);
  const away = unknown('503');
  const peers = known([summaryOf(record)], NOW);
  const calm = { peers, switches: known([], NOW), aggregates: known([], NOW) };
  const empty = { sightings: new Map(), traces: new Map(), answers: memory.answers, ...calm };
  if (blind) {
    const nothing = { inventory: away, groups: away, migrations: away, proof: away };
    return { ...empty, ...nothing, fleet: known(services(world), NOW) };
  }
  return {
    ...empty,
    fleet: known(services(world), NOW),
    proof: known(null, NOW),
    inventory: asked.inventory ? all(world) : unknown('not asked'),
    groups: unknown('not asked'),
    migrations:
      asked.migrationsAfter === null ? unknown('not asked') : known(migrations(world), NOW),
  };
}

const services = (world: World): ReturnType<typeof fleet> =>
  fleet([sourceService(world), service(H2)]);

/** The instance of an id. */
export const indexOfVm = (world: World, id: string): number =>
  world.vms.findIndex((_, index) => idOf(index + 1) === id);
