import type * as v from 'valibot';
import { asHost, asInstance, type HostName, type InstanceId } from '../../domain/ids.ts';
import { known, unknown, type Known } from '../../domain/known.ts';
import type { Move } from '../../domain/move.ts';
import { applied, refused, type WriteOutcome } from '../../domain/outcome.ts';
import type { Millis } from '../../domain/time.ts';
import type { Mover } from '../../engine/ports.ts';
import { act } from './actions.ts';
import { hasNext, walk } from './pages.ts';
import { read, readOrAbsent } from './reading.ts';
import { actionList, migrationPage, oneAction } from './schema.ts';
import type { migrationRow } from './schema.ts';
import type { Session } from './session.ts';

/** `block_migration: auto` (2.25), no wait for the scheduler (2.34), a named host is always checked (2.68). */
const LIVE_MINOR = 68;
/** From 2.56 on a host may be named; below, Nova ignores it without a word. */
const COLD_MINOR = 56;
const MIGRATIONS_MINOR = 59;
/** 2.84 shows the details of failed events, which is where NoValidHost stands. */
const TRACE_MINOR = 84;

/** See the deadline of the other writes: above Nova's RPC time-out. */
const WRITE_DEADLINE_MS = 75_000;

const TYPES: ReadonlySet<string> = new Set(['live-migration', 'migration', 'resize']);

/** The `Mover` port over Nova's HTTP API. */
export function createMover({
  session,
  writeDeadlineMs: deadlineMs = WRITE_DEADLINE_MS,
}: {
  readonly session: Session;
  readonly writeDeadlineMs?: Millis;
}): Mover {
  return {
    movesFrom: (host) => readMoves(session, host),
    failureOf: (id) => readFailure(session, id),
    migrateLive: (id, target, mayLeave) =>
      act(session, {
        id,
        body: { 'os-migrateLive': { host: target, block_migration: 'auto' } },
        minor: LIVE_MINOR,
        deadlineMs,
        mayLeave,
      }),
    migrateCold: async (id, target, mayLeave) => {
      if (target !== null && !(await knowsColdTarget(session))) {
        return refused('unsupported', 'Nova takes no target of a cold migration below 2.56');
      }
      const body = { migrate: target === null ? null : { host: target } };
      return act(session, { id, body, minor: COLD_MINOR, deadlineMs, mayLeave });
    },
    confirm: async (id): Promise<WriteOutcome<null>> => {
      const outcome = await act(session, { id, body: { confirmResize: null }, deadlineMs });
      return outcome.kind === 'applied' ? applied(null) : outcome;
    },
  };
}

async function knowsColdTarget(session: Session): Promise<boolean> {
  const versions = await session.versions();
  return 'cause' in versions || versions.max >= COLD_MINOR;
}

type Row = v.InferOutput<typeof migrationRow>;

/**
 * The live and cold migrations and resizes away from a host, newest first. Without `migration_type`,
 * of which Nova takes one only; evacuations are left out here.
 */
async function readMoves(session: Session, host: HostName): Promise<Known<readonly Move[]>> {
  const walked = await walk(session, {
    call: {
      path: '/os-migrations',
      query: { source_compute: host },
      minor: MIGRATIONS_MINOR,
    },
    shape: migrationPage,
    pageOf: (body) => ({ rows: body.migrations, more: hasNext(body.migrations_links) }),
    keyOf: (row) => row.uuid ?? String(row.id),
    limits: [200, 1000],
    end: 'trust',
  });
  if (walked.kind === 'unknown') return walked;
  const foreign = walked.value.rows.find((row) => row.source_compute !== host);
  if (foreign !== undefined) {
    const other = foreign.source_compute ?? 'a host that it hides';
    return unknown(`asked for the migrations from ${host}, Nova lists one from ${other}`);
  }
  const moves = walked.value.rows.flatMap((row) => moveOf(row, host));
  return known(
    moves.sort((a, b) => b.id - a.id),
    walked.at,
  );
}

function moveOf(row: Row, source: HostName): readonly Move[] {
  const { migration_type: type = '' } = row;
  if (!TYPES.has(type)) return [];
  const destination = row.dest_compute === null ? null : asHost(row.dest_compute);
  return [
    {
      id: row.id,
      instance: asInstance(row.instance_uuid),
      type: type as Move['type'],
      status: row.status,
      source,
      destination,
      createdAt: row.created_at,
    },
  ];
}

const MOVES: ReadonlySet<string> = new Set(['live-migration', 'migrate']);

/**
 * What the newest migration of an instance failed of: the details of its failed event, since Nova
 * shows the fault of an instance only while it is in ERROR, and NoValidHost leaves it ACTIVE.
 */
async function readFailure(session: Session, id: InstanceId): Promise<Known<string | null>> {
  const path = `/servers/${encodeURIComponent(id)}/os-instance-actions`;
  const call = { method: 'GET', path, minor: TRACE_MINOR } as const;
  const list = await readOrAbsent(session, call, actionList);
  if (list.kind === 'unknown') return list;
  const newest = list.value?.instanceActions
    .filter(({ action }) => MOVES.has(action))
    .toSorted((a, b) => b.start_time.localeCompare(a.start_time))[0];
  if (newest === undefined) return known(null, list.at);
  const request = encodeURIComponent(newest.request_id);
  const detail = await read(session, { ...call, path: `${path}/${request}` }, oneAction);
  if (detail.kind === 'unknown') return detail;
  const failed = detail.value.instanceAction.events.find(({ result }) => result === 'Error');
  return known(failed?.details ?? null, detail.at);
}
