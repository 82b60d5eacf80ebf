import type { Fleet, Service, ServiceChange, UnreachableService } from '../../domain/host.ts';
import { asHost } from '../../domain/ids.ts';
import type { HostName } from '../../domain/ids.ts';
import { mapKnown, unknown } from '../../domain/known.ts';
import type { Known } from '../../domain/known.ts';
import { applied, uncertain } from '../../domain/outcome.ts';
import type { WriteOutcome } from '../../domain/outcome.ts';
import { parseNovaTime, type Millis } from '../../domain/time.ts';
import * as v from 'valibot';
import { read } from './reading.ts';
import type { serviceRow } from './schema.ts';
import { oneService, serviceList } from './schema.ts';
import type { Session } from './session.ts';
import { write } from './writing.ts';

type Row = v.InferOutput<typeof serviceRow>;

/** From 2.69 on services of unreachable cells are shown, as UNKNOWN, instead of left out. */
export const SERVICES_MINOR = 69;

// Nova's `disabled_reason` has 255 characters.
const REASON_LENGTH = 255;

/**
 * Every service in one call. A host that comes twice as nova-compute is unknown: we cannot tell
 * which row is true. A disabled conductor or scheduler is not counted.
 */
export async function readFleet(session: Session): Promise<Known<Fleet>> {
  const rows = await readServices(session, {});
  return mapKnown(rows, (list) => {
    const services = new Map<HostName, Service | UnreachableService>();
    for (const row of list.filter(({ binary }) => binary === 'nova-compute')) {
      const host = asHost(row.host);
      services.set(host, services.has(host) ? { host, state: 'unknown' } : serviceOf(row));
    }
    const working = (name: string): number =>
      list.filter(
        ({ binary, state, status }) => binary === name && state === 'up' && status === 'enabled',
      ).length;
    const reports = list.flatMap(({ updated_at: at }) => parseNovaTime(at ?? '') ?? []);
    return {
      services,
      ...(reports.length > 0 ? { newestReport: Math.max(...reports) } : {}),
      conductorsUp: working('nova-conductor'),
      schedulersUp: working('nova-scheduler'),
    };
  });
}

/**
 * Whether the cell of a host answers: null when its service row is there in full, else why an empty
 * list about this host proves nothing. Nova leaves instances and migrations of an unreachable cell
 * out and answers 200 all the same.
 */
export async function cellDoubt(session: Session, host: HostName): Promise<string | null> {
  const rows = await readServices(session, { binary: 'nova-compute', host });
  if (rows.kind === 'unknown') return rows.why;
  const row = rows.value.find((candidate) => candidate.host === host);
  if (row === undefined) return `Nova shows no nova-compute service on ${host}`;
  return serviceOf(row).state === 'unknown'
    ? `the cell of ${host} cannot be reached by Nova`
    : null;
}

async function readServices(
  session: Session,
  query: Readonly<Record<string, string>>,
): Promise<Known<readonly Row[]>> {
  const list = await read(
    session,
    { method: 'GET', path: '/os-services', query, minor: SERVICES_MINOR },
    serviceList,
  );
  return mapKnown(list, ({ services }) => services);
}

function serviceOf(row: Row): Service | UnreachableService {
  const host = asHost(row.host);
  const { id, status, state } = row;
  if (
    typeof id !== 'string' ||
    (status !== 'enabled' && status !== 'disabled') ||
    (state !== 'up' && state !== 'down')
  ) {
    return { host, state: 'unknown' };
  }
  return {
    id,
    host,
    zone: row.zone,
    status,
    state,
    forcedDown: row.forced_down,
    disabledReason: row.disabled_reason,
    updatedAt: row.updated_at,
  };
}

/**
 * One PUT: disabling, its reason and forcing down take effect together or not at all. The reason goes
 * only along with `disabled`, where alone Nova takes it. What Nova answers must show the change. What
 * takes a host out of service may be repeated; what lets it in again is sent once, since a repeat may
 * come after the host was marked anew.
 */
export async function changeService(
  session: Session,
  request: {
    readonly id: string;
    readonly change: ServiceChange;
    readonly deadlineMs: Millis;
    readonly mayLeave?: (() => boolean) | undefined;
  },
): Promise<WriteOutcome<Service>> {
  const { id, change, deadlineMs, mayLeave } = request;
  const reason =
    change.status === 'disabled' && change.disabledReason !== undefined
      ? { disabled_reason: change.disabledReason.slice(0, REASON_LENGTH) }
      : {};
  const outcome = await write(session, {
    method: 'PUT',
    path: `/os-services/${encodeURIComponent(id)}`,
    minor: SERVICES_MINOR,
    json: {
      ...(change.status === undefined ? {} : { status: change.status }),
      ...reason,
      ...(change.forcedDown === undefined ? {} : { forced_down: change.forcedDown }),
    },
    repeatable: change.status !== 'enabled' && change.forcedDown !== false,
    deadlineMs,
    ...(mayLeave === undefined ? {} : { mayLeave }),
  });
  if (outcome.kind !== 'applied') return outcome;
  const parsed = v.safeParse(oneService, outcome.value.body);
  const service = parsed.success ? serviceOf(parsed.output.service) : null;
  if (service === null || service.state === 'unknown') {
    return uncertain(`${outcome.value.label}: the answer shows no service`);
  }
  const took =
    (change.status === undefined || change.status === service.status) &&
    (change.forcedDown === undefined || change.forcedDown === service.forcedDown);
  return took
    ? applied(service)
    : uncertain(
        `${outcome.value.label}: answered ${outcome.value.status}, but shows the old state`,
      );
}

/** For {@link cellDoubt}'s users: an empty list that must not be believed. */
export const emptyList = (
  what: string,
  host: HostName,
  doubt: string,
): { readonly kind: 'unknown'; readonly why: string } =>
  unknown(`Nova lists no ${what} of ${host}, which is not believed: ${doubt}`);
