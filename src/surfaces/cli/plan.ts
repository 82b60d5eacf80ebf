import type { Service, UnreachableService } from '../../domain/host.ts';
import type { HostName } from '../../domain/ids.ts';
import { wholeHost, type Request } from '../../domain/mark.ts';
import { remedyOf, severityOf } from '../../domain/reason.ts';
import { planHost, type Plan } from '../../engine/plan-host.ts';
import { boardLines, viewBoard } from './board.ts';
import { columns, printable } from './columns.ts';
import type { ExitName } from './exit.ts';
import { say, sayJson, type Io } from './io.ts';
import { createPaint, type Paint } from './paint.ts';
import type { Doors, GlobalOptions } from './parts.ts';
import type { RequestOptions } from './program.ts';
import { reasonJson, reasonText } from './refusal.ts';
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
    const { compute, images } = cloud;
    const { policy, store, clock } = parts;
    const looking = { compute, images, store, policy, now: clock.now() };
    const planned = await planHost(looking, host, requestOf(options));
    if (planned.kind === 'unknown') return explainUnplanned(io, compute, host, planned.why);
    if (planned.value.service === null) return refuseUnknownHost(io, host, planned.value.hosts);
    const board = await viewBoard(parts, host);
    if (options.json === true) sayJson(io, { ...planJson(planned.value), ...board.json });
    else {
      printPlan(io, planned.value);
      for (const line of boardLines(io, board)) say(io, line);
    }
    return 'done';
  });
}

function printPlan(io: Io, plan: Plan): void {
  const paint = createPaint(io);
  const { host, service, instances, problems, profile, reserve } = plan;
  const moving = instances.filter(({ verdict }) => verdict === 'evacuate').length;
  const state = service === null ? 'unknown to Nova' : stateOf(service);
  say(
    io,
    `${paint.strong(host)} (${state}): ${String(moving)} of ${String(instances.length)} instances would be evacuated`,
  );
  if (profile.name !== null || profile.why.startsWith('no entry'))
    say(io, `Profile: ${profile.name ?? 'none'} (${profile.why})`);
  if (reserve !== null) say(io, paint.severity(severityOf(reserve), reasonText(reserve)));
  for (const problem of problems) {
    say(io, paint.severity(severityOf(problem), reasonText(problem)));
    say(io, paint.quiet(`  Remedy: ${remedyOf(problem)}`));
  }
  if (instances.length === 0) return;
  say(io, '');
  for (const line of instanceTable(io, plan, paint)) say(io, line);
}

const stateOf = (service: Service | UnreachableService): string =>
  service.state === 'unknown'
    ? 'its cell cannot be reached'
    : `${service.status}, ${service.state}`;

function instanceTable(io: Io, { instances }: Plan, paint: Paint): readonly string[] {
  const head = ['INSTANCE', 'ID', 'STATE', 'PLAN', 'WHY'].map((text) => ({
    text,
    paint: paint.heading,
  }));
  const rows = instances.map(({ id, name, vmState, verdict, why, by, notes }) => [
    { text: printable(name) },
    { text: id, paint: paint.quiet },
    { text: vmState },
    { text: verdict, paint: verdict === 'evacuate' ? paint.good : paint.busy },
    {
      text: (why === null
        ? [...(by === null ? [] : [by]), ...notes.map(reasonText)]
        : [reasonText(why)]
      ).join('; '),
    },
  ]);
  return columns([head, ...rows], io.isTty ? io.size().columns : null);
}

const planJson = (plan: Plan): Readonly<Record<string, unknown>> => ({
  host: plan.host,
  service: plan.service === null ? null : serviceJson(plan.service),
  profile: plan.profile,
  reserve: plan.reserve === null ? null : reasonJson(plan.reserve),
  instances: plan.instances.map(({ id, name, vmState, verdict, why, by, notes }) => ({
    id,
    name,
    vm_state: vmState,
    verdict,
    why: why === null ? null : reasonJson(why),
    notes: notes.map(reasonJson),
    by,
  })),
  problems: plan.problems.map(reasonJson),
});

const serviceJson = (service: Service | UnreachableService): Readonly<Record<string, unknown>> =>
  service.state === 'unknown'
    ? { state: 'unknown' }
    : {
        status: service.status,
        state: service.state,
        forced_down: service.forcedDown,
        disabled_reason: service.disabledReason,
      };
