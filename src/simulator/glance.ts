import { findToken } from './identity.ts';
import { identityFault, queryValue, queryValues, reply } from './request.ts';
import type { ApiRequest, ApiResponse } from './request.ts';
import { zuluTime } from './timings.ts';
import type { Image, World } from './world.ts';

const OWN_PARAMETERS = new Set([
  'id',
  'limit',
  'marker',
  'tag',
  'os_hidden',
  'visibility',
  'sort',
  'sort_key',
  'sort_dir',
  'name',
  'owner',
  'status',
  'created_at',
  'member_status',
]);

function imageView(image: Image): Record<string, unknown> {
  const { id, name, tags, hidden, visibility, owner, properties, createdAtMs } = image;
  return {
    ...properties,
    id,
    name,
    tags,
    os_hidden: hidden,
    visibility,
    owner,
    status: image.status,
    min_disk: image.minDiskGb,
    min_ram: 0,
    created_at: zuluTime(createdAtMs),
    updated_at: zuluTime(createdAtMs),
    size: 12_582_912,
    disk_format: 'qcow2',
    container_format: 'bare',
    protected: false,
    self: `/v2/images/${id}`,
  };
}

function admits(request: ApiRequest, image: Image): boolean {
  const { query } = request;
  // Hidden images are shown only to somebody who asks for them, and then alone.
  if (image.hidden !== (queryValue(query, 'os_hidden')?.toLowerCase() === 'true')) return false;
  if (!queryValues(query, 'tag').every((tag) => image.tags.some((own) => isSame(own, tag))))
    return false;
  const name = queryValue(query, 'name');
  if (name !== undefined && !isSame(name, image.name)) return false;
  const id = queryValue(query, 'id');
  if (id !== undefined && !isAmong(id, image.id)) return false;
  const visibility = queryValue(query, 'visibility');
  if (visibility !== undefined && visibility !== 'all' && visibility !== image.visibility)
    return false;
  const owner = queryValue(query, 'owner');
  if (owner !== undefined && owner !== image.owner) return false;
  const status = queryValue(query, 'status');
  if (status !== undefined && status !== image.status) return false;
  if (!createdWithin(queryValue(query, 'created_at'), image)) return false;
  return Object.keys(query).every(
    (key) => OWN_PARAMETERS.has(key) || hasProperty(image, key, queryValue(query, key) ?? ''),
  );
}

const hasProperty = ({ properties }: Image, key: string, wanted: string): boolean =>
  Object.entries(properties).some(([name, value]) => isSame(name, key) && isSame(value, wanted));

/** MariaDB compares the texts, and its usual collation ignores case. */
const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** Glance's operator `in:`, which `id`, `name` and `status` know; without it the text itself. */
const isAmong = (wanted: string, id: string): boolean =>
  wanted.startsWith('in:') ? wanted.slice(3).split(',').includes(id) : wanted === id;

/** `created_at=gte:<time>` and its like (glance/common/utils.py, split_filter_op); whole seconds. */
function createdWithin(filter: string | undefined, { createdAtMs }: Image): boolean {
  if (filter === undefined) return true;
  const [, operator = 'eq', time = ''] = /^(?:(gte|gt|lte|lt|eq|neq):)?(.*)$/.exec(filter) ?? [];
  const asked = Math.floor(Date.parse(time) / 1000);
  const created = Math.floor(createdAtMs / 1000);
  if (operator === 'gte') return created >= asked;
  if (operator === 'gt') return created > asked;
  if (operator === 'lte') return created <= asked;
  if (operator === 'lt') return created < asked;
  return (created === asked) === (operator === 'eq');
}

function listImages(world: World, request: ApiRequest): ApiResponse {
  const limit = Math.min(Number(queryValue(request.query, 'limit') ?? '25'), world.habits.maxLimit);
  const marker = queryValue(request.query, 'marker');
  const found = [...world.images.values()].filter((image) => admits(request, image));
  const start = marker === undefined ? 0 : found.findIndex((image) => image.id === marker) + 1;
  const page = found.slice(start, start + limit);
  const last = page.at(-1);
  const hasMore = last !== undefined && start + limit < found.length;
  return reply(200, {
    images: page.map(imageView),
    first: '/v2/images',
    schema: '/v2/schemas/images',
    ...(hasMore ? { next: `/v2/images?limit=${limit}&marker=${last.id}` } : {}),
  });
}

function versions(world: World): ApiResponse {
  const href = `${world.identity.baseUrl}/image/v2/`;
  return reply(300, {
    versions: [{ id: 'v2.15', status: 'CURRENT', links: [{ rel: 'self', href }] }],
  });
}

/** Answers as Glance v2: the list of images by tag and property, and single ones. */
export function handleImage(world: World, request: ApiRequest): ApiResponse {
  const path = request.path.replace(/\/+$/, '');
  if (path === '' || path === '/versions') {
    world.traffic.count('image', request.method, '/');
    return versions(world);
  }
  const [, id] = /^\/v2\/images\/([^/]+)$/.exec(path) ?? [];
  world.traffic.count('image', request.method, id === undefined ? path : '/v2/images/{id}');
  if (findToken(world.identity, request.headers['x-auth-token'], world.clock.now()) === undefined) {
    return identityFault(401, 'Unauthorized', 'The request you have made requires authentication.');
  }
  if (path === '/v2/images' && request.method === 'GET') return listImages(world, request);
  const image = id === undefined ? undefined : world.images.get(id);
  if (image !== undefined && request.method === 'GET') return reply(200, imageView(image));
  return reply(404, `<html><body>No image found with ID ${id ?? ''}</body></html>`);
}
