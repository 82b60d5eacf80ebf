import type { Aggregate } from '../../domain/facts.ts';
import { asHost } from '../../domain/ids.ts';
import { mapKnown, unknown } from '../../domain/known.ts';
import type { Known } from '../../domain/known.ts';
import type { Flavor } from '../../engine/ports.ts';
import { hasNext, walk } from './pages.ts';
import { read } from './reading.ts';
import { aggregateList, flavorPage } from './schema.ts';
import type { Session } from './session.ts';

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
