import type * as v from 'valibot';
import { asHost, asInstance } from '../../domain/ids.ts';
import type { HostName } from '../../domain/ids.ts';
import { known, unknown } from '../../domain/known.ts';
import type { Known } from '../../domain/known.ts';
import type { Migration } from '../../domain/migration.ts';
import { hasNext, walk } from './pages.ts';
import type { Walked } from './pages.ts';
import { migrationPage } from './schema.ts';
import type { migrationRow } from './schema.ts';
import { cellDoubt, emptyList } from './services.ts';
import type { Session } from './session.ts';

type Row = v.InferOutput<typeof migrationRow>;

/** Paged and newest first from 2.59 on; 2.80 changes nothing that we read. */
const MIGRATIONS_MINOR = 59;

// Rows are sorted by creation time, of which Nova's API nodes may have different opinions: the row
// that we look for may stand a little further down than its id says.
const SKEWED_ROWS = 20;

/**
 * The evacuations away from a host, newest first; reading ends once everything is older than
 * `after`. `changes-since` is never used: it compares `updated_at`, which is null in a fresh
 * `accepted` row, so that an evacuation just sent would look absent. An empty list is believed only
 * when the host's cell answers and the list is empty again.
 */
export async function readEvacuations(
  session: Session,
  host: HostName,
  after: number,
): Promise<Known<readonly Migration[]>> {
  const first = await listMigrations(session, host, after);
  if (first.kind === 'unknown' || !first.value.endedEmpty) return verified(first, host);
  const doubt = await cellDoubt(session, host);
  if (doubt !== null) return emptyList('evacuations', host, doubt);
  return verified(await listMigrations(session, host, after), host);
}

function listMigrations(
  session: Session,
  host: HostName,
  after: number,
): Promise<Known<Walked<Row>>> {
  return walk(session, {
    call: {
      path: '/os-migrations',
      query: { source_compute: host, migration_type: 'evacuation' },
      minor: MIGRATIONS_MINOR,
    },
    shape: migrationPage,
    pageOf: (body) => ({ rows: body.migrations, more: hasNext(body.migrations_links) }),
    keyOf: (row) => row.uuid ?? String(row.id),
    // Nearly always the first page is enough.
    limits: [200, 1000],
    end: 'trust',
    enough: (rows) => {
      const tail = rows.slice(-SKEWED_ROWS);
      return tail.length === SKEWED_ROWS && tail.every((row) => row.id <= after);
    },
  });
}

function verified(walked: Known<Walked<Row>>, host: HostName): Known<readonly Migration[]> {
  if (walked.kind === 'unknown') return walked;
  const rows = walked.value.rows.filter(
    ({ migration_type: type }) => type === undefined || type === 'evacuation',
  );
  for (const row of rows) {
    if (row.source_compute === null) {
      return unknown(
        'Nova hides the hosts of migrations: allow the policy rules os_compute_api:os-migrations:index:all_projects and os_compute_api:os-migrations:index:host to our role',
      );
    }
    if (row.source_compute !== host) {
      return unknown(
        `asked for the evacuations of ${host}, Nova lists one of ${row.source_compute}`,
      );
    }
  }
  const migrations = rows.map((row) => migrationOf(row, host));
  return known(
    [...migrations].sort((a, b) => b.id - a.id),
    walked.at,
  );
}

function migrationOf(row: Row, source: HostName): Migration {
  return {
    id: row.id,
    uuid: row.uuid ?? String(row.id),
    instance: asInstance(row.instance_uuid),
    status: row.status,
    source,
    destination: row.dest_compute === null ? null : asHost(row.dest_compute),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
