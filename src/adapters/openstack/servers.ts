import type * as v from 'valibot';
import { asHost, asInstance } from '../../domain/ids.ts';
import type { HostName, InstanceId } from '../../domain/ids.ts';
import type { Instance } from '../../domain/instance.ts';
import { known, mapKnown, unknown } from '../../domain/known.ts';
import type { Known } from '../../domain/known.ts';
import type { Sighting } from '../../domain/observation.ts';
import { hasNext, walk } from './pages.ts';
import type { Walked } from './pages.ts';
import { readOrAbsent } from './reading.ts';
import { oneServer, serverPage, sightingPage } from './schema.ts';
import type { serverRow, sightingRow } from './schema.ts';
import { cellDoubt, emptyList } from './services.ts';
import type { Session } from './session.ts';

type Row = v.InferOutput<typeof serverRow>;
type SightingRow = v.InferOutput<typeof sightingRow>;

/** 2.73 shows `locked_reason`; nothing newer is read, and unknown parameters are still let pass. */
const SERVERS_MINOR = 73;
const PAGE = 1000;

// A stable key: the default order (newest first) shifts while pages are read.
const ORDER = { sort_key: 'uuid', sort_dir: 'asc' };

const HOST_HIDDEN =
  'Nova does not show OS-EXT-SRV-ATTR:host: allow the policy rule os_compute_api:os-extended-server-attributes to our role';

/**
 * All instances on a host. Each row must carry this host's name: without the right policy Nova
 * ignores the `host` filter and answers with everybody's instances. An empty list is believed only
 * when the host's cell answers before and the list is empty again: Nova leaves the instances of a
 * cell that it cannot reach out, with a 200.
 */
export async function readInstances(
  session: Session,
  host: HostName,
): Promise<Known<readonly Instance[]>> {
  const first = await listServers(session, host);
  if (first.kind === 'unknown' || !first.value.endedEmpty) return verified(first, host);
  const doubt = await cellDoubt(session, host);
  if (doubt !== null) return emptyList('instances', host, doubt);
  return verified(await listServers(session, host), host);
}

function listServers(session: Session, host: HostName): Promise<Known<Walked<Row>>> {
  return walk(session, {
    call: {
      path: '/servers/detail',
      query: { all_tenants: 1, host, ...ORDER },
      minor: SERVERS_MINOR,
    },
    shape: serverPage,
    pageOf: (body) => ({ rows: body.servers, more: hasNext(body.servers_links) }),
    keyOf: (row) => row.id,
    limits: [PAGE],
    end: 'trust',
  });
}

function verified(walked: Known<Walked<Row>>, host: HostName): Known<readonly Instance[]> {
  if (walked.kind === 'unknown') return walked;
  for (const row of walked.value.rows) {
    const shown = row['OS-EXT-SRV-ATTR:host'];
    if (shown === undefined) return unknown(HOST_HIDDEN);
    if (shown !== host) {
      const other = shown ?? 'no host';
      const spelling = other.toLowerCase() === host.toLowerCase();
      return unknown(
        spelling
          ? `Nova spells the host "${other}", not "${host}": use its spelling`
          : `asked for the instances of ${host}, Nova lists ${row.id} of ${other}: allow the policy rule os_compute_api:servers:allow_all_filters to our role`,
      );
    }
    if (row['OS-EXT-STS:vm_state'] === undefined) {
      return unknown(`Nova shows no vm_state of ${row.id}: is its cell out of reach?`);
    }
  }
  return known(walked.value.rows.map(instanceOf), walked.at);
}

function instanceOf(row: Row): Instance {
  const { flavor } = row;
  const imageId = imageOf(row);
  const host = row['OS-EXT-SRV-ATTR:host'] ?? null;
  const zone = row['OS-EXT-AZ:availability_zone'];
  return {
    id: asInstance(row.id),
    name: row.name,
    projectId: row.tenant_id,
    host: host === null ? null : asHost(host),
    vmState: row['OS-EXT-STS:vm_state'] ?? '',
    taskState: row['OS-EXT-STS:task_state'],
    powerState: row['OS-EXT-STS:power_state'],
    imageBacked: imageId !== null,
    imageId,
    flavor: {
      name: flavor.original_name,
      vcpus: flavor.vcpus,
      ramMib: flavor.ram,
      diskGib: flavor.disk,
      ephemeralGib: flavor.ephemeral,
      swapMib: flavor.swap,
      extraSpecs: flavor.extra_specs ?? {},
      ...(flavor.extra_specs === undefined ? { extraSpecsHidden: true } : {}),
    },
    metadata: row.metadata ?? {},
    tags: row.tags ?? [],
    locked: row.locked,
    lockedReason: row.locked_reason,
    availabilityZone: zone === '' ? null : zone,
    launched: row['OS-SRV-USG:launched_at'] !== null,
    ...faultOf(row),
    createdAt: row.created,
  };
}

/**
 * Where instances changed since a time of Nova's are, deleted ones included (Nova shows those when
 * `changes-since` is given). Goes on to an empty page: see {@link walk}.
 */
export async function readChanged(
  session: Session,
  novaTime: string,
): Promise<Known<readonly Sighting[]>> {
  const walked = await walk(session, {
    call: {
      path: '/servers/detail',
      query: { all_tenants: 1, 'changes-since': novaTime, ...ORDER },
      minor: SERVERS_MINOR,
    },
    shape: sightingPage,
    pageOf: (body) => ({ rows: body.servers, more: hasNext(body.servers_links) }),
    keyOf: (row) => row.id,
    limits: [PAGE],
    end: 'empty',
  });
  if (walked.kind === 'unknown') return walked;
  const sightings: Sighting[] = [];
  for (const row of walked.value.rows) {
    const sighting = sightingOf(row);
    if (typeof sighting === 'string') return unknown(sighting);
    sightings.push(sighting);
  }
  return known(sightings, walked.at);
}

/** Where one instance is; null only when Nova itself says that there is none. */
export async function readSighting(
  session: Session,
  id: InstanceId,
): Promise<Known<Sighting | null>> {
  const path = `/servers/${encodeURIComponent(id)}`;
  const found = await readOrAbsent(
    session,
    { method: 'GET', path, minor: SERVERS_MINOR },
    oneServer,
  );
  if (found.kind === 'unknown' || found.value === null) return found as Known<null>;
  const sighting = sightingOf(found.value.server);
  return typeof sighting === 'string' ? unknown(sighting) : mapKnown(found, () => sighting);
}

function sightingOf(row: SightingRow): Sighting | string {
  const host = row['OS-EXT-SRV-ATTR:host'];
  const vmState = row['OS-EXT-STS:vm_state'];
  // From 2.69 on an instance of an unreachable cell comes with its id and little else.
  if (vmState === undefined) return `Nova shows no state of ${row.id}: its cell is out of reach`;
  if (host === undefined) return HOST_HIDDEN;
  return {
    id: asInstance(row.id),
    host: host === null ? null : asHost(host),
    vmState,
    taskState: row['OS-EXT-STS:task_state'],
    ...faultOf(row),
    imageId: imageOf(row),
  };
}

const faultOf = ({ fault }: SightingRow): Pick<Sighting, 'fault' | 'faultAt'> => ({
  fault: fault?.message ?? null,
  faultAt: fault?.created ?? null,
});

/** Nova shows the empty string for an instance that boots from a volume. */
const imageOf = ({ image }: Pick<SightingRow, 'image'>): string | null =>
  typeof image === 'object' ? (image?.id ?? null) : null;
