import type { Service, UnreachableService } from '../../domain/host.ts';
import type { HostName } from '../../domain/ids.ts';
import { NOT_ASKED } from '../../domain/known.ts';
import { wholeHost, type Request } from '../../domain/mark.ts';
import { planHost, strangersTo, type Plan } from '../../engine/plan-host.ts';
import type { PlannedInstance } from '../../engine/plan-instances.ts';
import { viewBoard } from './board.ts';
import type { ExitName } from './exit.ts';
import { sayJson, type Io } from './io.ts';
import type { Doors, GlobalOptions } from './parts.ts';
import type { RequestOptions } from './program.ts';
import { printPlan } from './plan-text.ts';
import { reasonJson, refuse } from './refusal.ts';
import { enterCloud, withParts } from './session.ts';
import { explainUnplanned, refuseUnknownHost } from './unknown-host.ts';

/** What the options ask for. */
export const requestOf = (options: RequestOptions): Request => ({
  ...wholeHost,
  instances: options.instance ?? null,
  target: options.targetHost ?? null,
  force: options.force ?? false,
});

/**
 * `plan`, `evacuate --dry-run`: what would be done; changes nothing. What would stand in the way of
 * `evacuate` is printed too, but the plan itself was made, so the exit code is 0.
 */
export function plan(
  doors: Doors,
  global: GlobalOptions,
  io: Io,
  host: HostName,
  options: RequestOptions,
): Promise<ExitName> {
  return withParts(doors, global, io, async (parts) => {
    const cloud = await enterCloud(parts, io);
    if (cloud.kind === 'wrong') return cloud.exit;
    const { compute, images, capacity } = cloud;
    const { policy, store, clock } = parts;
    const looking = { compute, images, capacity, store, policy, now: clock.now() };
    const planned = await planHost(looking, host, requestOf(options));
    if (planned.kind === 'unknown') return explainUnplanned(io, compute, host, planned.why);
    if (planned.value.service === null) return refuseUnknownHost(io, host, planned.value.hosts);
    const strangers = strangersTo(planned.value, options.instance ?? null);
    if (strangers !== null) return refuse(io, strangers);
    const board = await viewBoard(parts, host);
    if (options.json === true) sayJson(io, { ...planJson(planned.value), ...board.json });
    else printPlan(io, planned.value, board);
    return 'done';
  });
}

const planJson = (plan: Plan): Readonly<Record<string, unknown>> => ({
  host: plan.host,
  service: plan.service === null ? null : serviceJson(plan.service),
  profile: plan.profile,
  reserve: plan.reserve === null ? null : reasonJson(plan.reserve),
  sequence: plan.sequence,
  groups: plan.groups,
  room: roomJson(plan.room),
  instances: plan.instances.map(instanceJson),
  problems: plan.problems.map(reasonJson),
  holds: plan.holds.map(reasonJson),
  notes: plan.notes.map(reasonJson),
});

const instanceJson = (one: PlannedInstance): Readonly<Record<string, unknown>> => ({
  id: one.id,
  name: one.name,
  vm_state: one.vmState,
  verdict: one.verdict,
  why: one.why === null ? null : reasonJson(one.why),
  notes: one.notes.map(reasonJson),
  by: one.by,
  order: one.slot,
  one_at_a_time: one.exclusiveGroup,
  room: one.fit,
});

const roomJson = (room: Plan['room']): Readonly<Record<string, unknown>> | null => {
  if (room === NOT_ASKED) return null;
  if (room.kind === 'unknown') return { known: false, why: room.why };
  const { fits, short, unknown } = room.value;
  return { known: true, fits, short, unknown };
};

const serviceJson = (service: Service | UnreachableService): Readonly<Record<string, unknown>> =>
  service.state === 'unknown'
    ? { state: 'unknown' }
    : {
        status: service.status,
        state: service.state,
        forced_down: service.forcedDown,
        disabled_reason: service.disabledReason,
      };
