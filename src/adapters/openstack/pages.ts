import { known, unknown } from '../../domain/known.ts';
import type { Known } from '../../domain/known.ts';
import type { Instant } from '../../domain/time.ts';
import { read } from './reading.ts';
import type { Shape } from './reading.ts';
import type { Call, Session } from './session.ts';

/** A page as the walk sees it. */
interface Page<Row> {
  readonly rows: readonly Row[];
  /** Whether Nova put a `next` link on it. */
  readonly more: boolean;
}

/** Rows of all pages. */
export interface Walked<Row> {
  readonly rows: readonly Row[];
  /** The last page was empty: an unreachable cell looks the same, see {@link walk}. */
  readonly endedEmpty: boolean;
}

/** How to walk a list. */
export interface Walk<Body, Row> {
  readonly call: Omit<Call, 'method'>;
  readonly shape: Shape<Body>;
  readonly pageOf: (body: Body) => Page<Row>;
  readonly keyOf: (row: Row) => string;
  /** Rows to ask for per page, the last one for all further pages. */
  readonly limits: readonly number[];
  /** True when the rows so far are enough. */
  readonly enough?: (rows: readonly Row[]) => boolean;
  /**
   * `trust` ends at a page that is short and has no `next` link. Nova puts the link on every page of
   * min(limit, max_limit) rows (api/openstack/common.py `_get_collection_links`), so such a page is
   * the last one even where max_limit is below our limit. `empty` goes on to an empty page: lists
   * without a host may lose rows after the database has counted them (duplicates of build requests).
   */
  readonly end: 'trust' | 'empty';
}

const MOST_PAGES = 1000;

/** Reads page after page by marker; a row that comes twice is kept once, where it first stood. */
export async function walk<Body, Row>(
  session: Session,
  plan: Walk<Body, Row>,
): Promise<Known<Walked<Row>>> {
  const rows = new Map<string, Row>();
  let marker: string | null = null;
  let startedAt: Instant | null = null;
  for (let number = 0; number < MOST_PAGES; number += 1) {
    const limit = plan.limits[Math.min(number, plan.limits.length - 1)] ?? 1000;
    const query = { ...plan.call.query, limit, ...(marker === null ? {} : { marker }) };
    const body = await read(session, { ...plan.call, method: 'GET', query }, plan.shape);
    if (body.kind === 'unknown') return body;
    startedAt ??= body.at;
    const page = plan.pageOf(body.value);
    const sizeBefore = rows.size;
    for (const row of page.rows) {
      const key = plan.keyOf(row);
      if (!rows.has(key)) rows.set(key, row);
    }
    const done = (endedEmpty: boolean) =>
      known({ rows: [...rows.values()], endedEmpty }, startedAt ?? body.at);
    const last = page.rows.at(-1);
    if (last === undefined) return done(true);
    // More rows than asked for: the microversion does not page (migrations below 2.59).
    if (page.rows.length > limit) return done(false);
    if (plan.end === 'trust' && page.rows.length < limit && !page.more) return done(false);
    if (plan.enough?.([...rows.values()]) === true) return done(false);
    if (rows.size === sizeBefore) {
      return unknown(`GET ${plan.call.path}: the pages repeat themselves (marker ${marker ?? ''})`);
    }
    marker = plan.keyOf(last);
  }
  return unknown(`GET ${plan.call.path}: more than ${MOST_PAGES} pages`);
}

/** Whether the links of a page name a next one. */
export const hasNext = (links: readonly { readonly rel: string }[] | undefined): boolean =>
  links?.some((link) => link.rel === 'next') === true;
