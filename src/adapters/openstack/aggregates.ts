import type { Aggregate } from '../../domain/facts.ts';
import { asHost } from '../../domain/ids.ts';
import { mapKnown, unknown } from '../../domain/known.ts';
import type { Known } from '../../domain/known.ts';
import { applied } from '../../domain/outcome.ts';
import type { WriteOutcome } from '../../domain/outcome.ts';
import type { HostName } from '../../domain/ids.ts';
import type { Millis } from '../../domain/time.ts';
import type { Flavor } from '../../engine/ports.ts';
import { hasNext, walk } from './pages.ts';
import { read } from './reading.ts';
import { aggregateList, flavorPage } from './schema.ts';
import type { Session } from './session.ts';
import { write } from './writing.ts';

/** Aggregates have a UUID from 2.41 on; nothing newer is read. */
const AGGREGATES_MINOR = 41;
/** Extra specs are embedded from 2.61 on: one call instead of one per flavor. */
const FLAVORS_MINOR = 61;
const PAGE = 1000;

/** All host aggregates; Nova has no pages for this list. */
export async function readAggregates(session: Session): Promise<Known<readonly Aggregate[]>> {
  const call = { method: 'GET', path: '/os-aggregates', minor: AGGREGATES_MINOR } as const;
  const body = await read(session, call, aggregateList);
  return mapKnown(body, ({ aggregates }) =>
    aggregates.map(({ id, name, availability_zone: zone, metadata, hosts }) => ({
      id,
      name,
      zone,
      metadata,
      hosts: hosts.map(asHost),
    })),
  );
}

/**
 * POST add_host or remove_host; Nova answers 409 for a host that is in the aggregate already, or in
 * another zone, and 404 for one that is not in it. Both may be repeated: they state what is to be.
 */
export async function changeAggregate(
  session: Session,
  request: {
    readonly id: number;
    readonly action: 'add_host' | 'remove_host';
    readonly host: HostName;
    readonly deadlineMs: Millis;
    readonly mayLeave?: (() => boolean) | undefined;
  },
): Promise<WriteOutcome<null>> {
  const { id, action, host, deadlineMs, mayLeave } = request;
  const outcome = await write(session, {
    method: 'POST',
    path: `/os-aggregates/${String(id)}/action`,
    minor: AGGREGATES_MINOR,
    json: { [action]: { host } },
    repeatable: true,
    deadlineMs,
    ...(mayLeave === undefined ? {} : { mayLeave }),
  });
  return outcome.kind === 'applied' ? applied(null) : outcome;
}

/** All flavors; `is_public=None` is Nova's word for "private ones too". */
export async function readFlavors(session: Session): Promise<Known<readonly Flavor[]>> {
  const walked = await walk(session, {
    call: { path: '/flavors/detail', query: { is_public: 'None' }, minor: FLAVORS_MINOR },
    shape: flavorPage,
    pageOf: (body) => ({ rows: body.flavors, more: hasNext(body.flavors_links) }),
    keyOf: (row) => row.id,
    limits: [PAGE],
    end: 'trust',
  });
  if (walked.kind === 'unknown') return walked;
  const hidden = walked.value.rows.find((row) => row.extra_specs === undefined);
  if (hidden !== undefined) {
    return unknown(
      `Nova does not show the extra specs of flavor ${hidden.id}: allow the policy rule os_compute_api:os-flavor-extra-specs:index to our role`,
    );
  }
  return mapKnown(walked, ({ rows }) =>
    rows.map(({ name, extra_specs: extraSpecs = {} }) => ({ name, extraSpecs })),
  );
}
