import * as v from 'valibot';
import type { ImageFacts } from '../../domain/facts.ts';
import { asInstance } from '../../domain/ids.ts';
import { known, mapKnown, unknown } from '../../domain/known.ts';
import type { Known } from '../../domain/known.ts';
import { isTrue } from '../../domain/selection.ts';
import type { Snapshot } from '../../domain/storage.ts';
import { formatInstant, parseNovaTime, type Instant } from '../../domain/time.ts';
import type { Images } from '../../engine/ports.ts';
import { messageOf } from './refusal.ts';
import type { RestSession } from './rest-session.ts';
import { imagePage, snapshotRow } from './schema.ts';

type Row = v.InferOutput<typeof imagePage>['images'][number];

/** Rows per page; Glance's own default is 25, which novaclient never went beyond. */
const PAGE = 1000;
const MOST_PAGES = 1000;
/** Ids per request: a UUID and a comma are 37 characters, and proxies take addresses of 8 KiB. */
const IDS = 150;
/** How people write it; on PostgreSQL Glance compares letter by letter, on MariaDB in any case. */
const TRUE = ['true', 'True', 'TRUE'];

/** The root that paths of Glance's v2 API are below; catalogs name it with and without version. */
export const imageRoot = (endpoint: string): string =>
  endpoint
    .replace(/[?#].*$/s, '')
    .replace(/\/+$/, '')
    .replace(/\/v2$/, '');

/** The `Images` port over Glance v2. */
export function createImages({ session }: { readonly session: RestSession }): Images {
  const list = (query: Query): Promise<Known<readonly Row[]>> => listImages(session, query);

  async function byId(ids: readonly string[]): Promise<Known<ReadonlyMap<string, ImageFacts>>> {
    const found = new Map<string, ImageFacts>();
    // Hidden images are listed only when asked for, and then alone; few instances boot from them.
    for (const hidden of ['false', 'true']) {
      const missing = ids.filter((id) => !found.has(id));
      const answers = await Promise.all(
        chunks(missing, IDS).map((some) =>
          list({ id: `in:${some.join(',')}`, os_hidden: hidden, visibility: 'all', limit: PAGE }),
        ),
      );
      for (const answer of answers) {
        if (answer.kind === 'unknown') return answer;
        for (const row of answer.value) found.set(row.id, factsOf(row));
      }
    }
    return known(found, 0);
  }

  /** Whether Glance finds one that is tagged indeed: `Evacuable` is found too where case is ignored. */
  async function findsTagged(query: Query, keys: readonly string[]): Promise<Known<boolean>> {
    const first = await list({ ...query, limit: 1 });
    if (first.kind === 'unknown' || first.value.length === 0) return mapKnown(first, () => false);
    if (first.value.map(factsOf).some((image) => isTagged(image, keys))) return known(true, 0);
    const all = await list({ ...query, limit: PAGE });
    return mapKnown(all, (rows) => rows.map(factsOf).some((image) => isTagged(image, keys)));
  }

  async function anyTagged(keys: readonly string[]): Promise<Known<boolean>> {
    const queries = keys.flatMap((key) => [{ tag: key }, ...TRUE.map((yes) => ({ [key]: yes }))]);
    const shown = { os_hidden: 'false', visibility: 'all' };
    const answers = await Promise.all(
      queries.map((query) => findsTagged({ ...query, ...shown }, keys)),
    );
    if (answers.some((one) => one.kind === 'known' && one.value)) return known(true, 0);
    const failed = answers.find((one) => one.kind === 'unknown');
    if (failed !== undefined) return failed;
    // The hidden ones are few: read in one, they cost less than as many questions again.
    const hidden = await list({ os_hidden: 'true', visibility: 'all', limit: PAGE });
    return mapKnown(hidden, (rows) => rows.map(factsOf).some((image) => isTagged(image, keys)));
  }

  async function madeSince(since: Instant): Promise<Known<readonly Snapshot[]>> {
    const from = `gte:${formatInstant(since).slice(0, 19)}Z`;
    const rows = await list({
      created_at: from,
      status: 'active',
      visibility: 'all',
      limit: PAGE,
    });
    return mapKnown(rows, (all) => all.flatMap(snapshotOf));
  }

  return { byId, anyTagged, madeSince };
}

/** What an image without owner or date is made from is nobody's to say. */
function snapshotOf(row: Row): readonly Snapshot[] {
  const made = v.safeParse(snapshotRow, row);
  if (!made.success) return [];
  const { id, name, owner, created_at, instance_uuid, image_type, min_disk } = made.output;
  const createdAt = parseNovaTime(created_at);
  if (createdAt === null) return [];
  const instance = instance_uuid === null ? null : asInstance(instance_uuid);
  const kind = { imageType: image_type, minDiskGib: min_disk };
  return [{ id, name: name ?? '', owner, createdAt, instance, ...kind }];
}

type Query = Readonly<Record<string, string | number>>;

/** All pages; with `limit: 1` the first one is all that is wanted. */
async function listImages(session: RestSession, query: Query): Promise<Known<readonly Row[]>> {
  const rows: Row[] = [];
  let marker: string | null = null;
  for (let number = 0; number < MOST_PAGES; number += 1) {
    const result = await session.get({
      path: '/v2/images',
      query: { ...query, ...(marker === null ? {} : { marker }) },
    });
    if (result.kind === 'none') return unknown(result.why);
    const { reply, label, at } = result;
    if (reply.status !== 200)
      return unknown(`${label}: ${String(reply.status)}, ${messageOf(reply)}`);
    const page = v.safeParse(imagePage, reply.body, { abortEarly: true });
    if (!page.success) return unknown(`${label}: the answer has an unexpected form`);
    rows.push(...page.output.images);
    const last = page.output.images.at(-1);
    if (page.output.next === undefined || last === undefined || query['limit'] === 1)
      return known(rows, at);
    if (marker === last.id) return unknown(`${label}: the pages repeat themselves`);
    marker = last.id;
  }
  return unknown(`GET /v2/images: more than ${String(MOST_PAGES)} pages`);
}

/** Custom properties stand beside the fields of Glance's own; only texts can be tags. */
function factsOf({ name, tags, ...rest }: Row): ImageFacts {
  const texts = Object.entries(rest).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  );
  return { name: name ?? '', tags, properties: Object.fromEntries(texts) };
}

const isTagged = ({ tags, properties }: ImageFacts, keys: readonly string[]): boolean =>
  keys.some((key) => tags.includes(key) || isTrue(properties[key]));

function chunks<T>(list: readonly T[], size: number): readonly (readonly T[])[] {
  const parts: (readonly T[])[] = [];
  for (let start = 0; start < list.length; start += size)
    parts.push(list.slice(start, start + size));
  return parts;
}
