import { positionAfter } from '../instances.ts';
import type { Instance } from '../instances.ts';
import { fault, queryValue, queryValues } from '../request.ts';
import type { ApiResponse, Query } from '../request.ts';
import { forbidden, isCellDown } from './context.ts';
import type { Call } from './context.ts';
import { serverStatus } from './server-view.ts';
import { invalidQuery, readLimit, readTime } from './validation.ts';

const PARAMETERS = new Set(
  (
    'access_ip_v4 access_ip_v6 all_tenants auto_disk_config availability_zone changes-before changes-since ' +
    'config_drive created_at deleted description flavor host hostname image ip ip6 kernel_id key_name launch_index ' +
    'launched_at limit locked locked_by marker name node not-tags not-tags-any power_state progress project_id ' +
    'ramdisk_id reservation_id root_device_name soft_deleted sort_dir sort_key status tags tags-any task_state ' +
    'tenant_id terminated_at updated_at user_id uuid vm_state'
  ).split(' '),
);

type SortValue = (instance: Instance) => string | number;
const SORT_KEYS: Readonly<Record<string, SortValue>> = {
  created_at: (instance) => instance.createdAtMs,
  display_name: (instance) => instance.name,
  host: (instance) => instance.host?.name ?? '',
  project_id: (instance) => instance.projectId,
  updated_at: (instance) => instance.updatedAtMs,
  uuid: (instance) => instance.id,
  vm_state: (instance) => instance.vmState,
};

type Filter = (instance: Instance) => boolean;

/** Nova's reading of a boolean in a query. */
export function isTrue(text: string | undefined): boolean {
  return text !== undefined && ['1', 't', 'true', 'yes', 'on', ''].includes(text.toLowerCase());
}

/** Filters of the database; those which need allow_all_filters are dropped in silence without it. */
function readFilters(call: Call): Filter[] {
  const { query } = call.request;
  const filters: Filter[] = [];
  const add = (name: string, isPrivileged: boolean, test: (value: string) => Filter): void => {
    const value = queryValue(query, name);
    if (value !== undefined && (!isPrivileged || call.policy.allowAllFilters))
      filters.push(test(value));
  };
  const project =
    (value: string): Filter =>
    (instance) =>
      instance.projectId === value;
  add('host', true, (value) => (instance) => instance.host?.name === value);
  add('node', true, (value) => (instance) => instance.host?.nodeName === value);
  add('vm_state', true, (value) => (instance) => instance.vmState === value);
  add('task_state', true, (value) => (instance) => instance.taskState === value);
  add('uuid', true, (value) => (instance) => instance.id === value);
  add('project_id', true, project);
  add('tenant_id', true, project);
  add('user_id', true, (value) => (instance) => instance.userId === value);
  add('image', false, (value) => (instance) => instance.imageId === value);
  add('status', false, (value) => (instance) => serverStatus(instance) === value.toUpperCase());
  add(
    'locked',
    false,
    (value) => (instance) => (instance.lockedBy !== undefined) === isTrue(value),
  );
  add('name', false, (value) => (instance) => instance.name.includes(value));
  add(
    'tags',
    false,
    (value) => (instance) => value.split(',').every((tag) => instance.tags.includes(tag)),
  );
  add('changes-since', false, (value) => {
    const sinceMs = readTime(value) ?? 0;
    return (instance) => instance.updatedAtMs >= sinceMs;
  });
  if (isTrue(queryValue(query, 'deleted')) && call.policy.allowAllFilters)
    filters.push(() => false);
  return filters;
}

/** Servers that a filter by host or uuid leaves are found through an index, not by looking at all. */
function candidates(call: Call): Iterable<Instance> {
  const { world, request } = call;
  if (!call.policy.allowAllFilters) return world.instances.ordered;
  const hostName = queryValue(request.query, 'host');
  if (hostName !== undefined) return world.hosts.get(hostName)?.instances ?? [];
  const id = queryValue(request.query, 'uuid');
  if (id === undefined) return world.instances.ordered;
  const instance = world.instances.byId.get(id);
  return instance === undefined || instance.deleted ? [] : [instance];
}

function compareBy(query: Query): ((a: Instance, b: Instance) => number) | undefined {
  const keys = queryValues(query, 'sort_key');
  if (keys.length === 0) return undefined;
  const directions = queryValues(query, 'sort_dir');
  return (a, b) => {
    for (const [index, key] of keys.entries()) {
      const read = SORT_KEYS[key];
      if (read === undefined) continue;
      const left = read(a);
      const right = read(b);
      const sign = (directions[index] ?? directions.at(-1) ?? 'desc') === 'asc' ? 1 : -1;
      if (left !== right) return left < right ? -sign : sign;
    }
    return b.seq - a.seq;
  };
}

/** What a list asks for. */
export interface Selection {
  readonly call: Call;
  readonly filters: readonly Filter[];
  readonly allProjects: boolean;
  readonly limit: number;
  readonly marker: Instance | undefined;
}

function admits(selection: Selection, instance: Instance): boolean {
  const { call, filters, allProjects } = selection;
  if (!allProjects && instance.projectId !== call.projectId) return false;
  // A cell that does not answer is left out of the list, which is still a 200.
  if (isCellDown(call.world, instance)) return false;
  return filters.every((filter) => filter(instance));
}

/** The default order, newest first, walked backwards from the marker: a page costs a page. */
function selectNewestFirst(selection: Selection): Instance[] {
  const { ordered } = selection.call.world.instances;
  const end =
    selection.marker === undefined
      ? ordered.length
      : positionAfter(selection.call.world, selection.marker.seq) - 1;
  const page: Instance[] = [];
  for (let index = end - 1; index >= 0 && page.length < selection.limit; index -= 1) {
    const instance = ordered[index];
    if (instance !== undefined && admits(selection, instance)) page.push(instance);
  }
  return page;
}

/** The order by id over everything: sorted once, then a page costs a page here too. */
function selectById(selection: Selection, ascending: boolean): Instance[] {
  const { call, marker, limit } = selection;
  const { instances } = call.world;
  instances.byIdOrder ??= [...instances.ordered].sort((a, b) => (a.id < b.id ? -1 : 1));
  const all = instances.byIdOrder;
  const step = ascending ? 1 : -1;
  let index = ascending ? 0 : all.length - 1;
  if (marker !== undefined) {
    let low = 0;
    let high = all.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((all[middle]?.id ?? '') < marker.id) low = middle + 1;
      else high = middle;
    }
    index = low + step;
  }
  const page: Instance[] = [];
  for (; index >= 0 && index < all.length && page.length < limit; index += step) {
    const instance = all[index];
    if (instance !== undefined && admits(selection, instance)) page.push(instance);
  }
  return page;
}

/** One page of the asked for servers, in the asked for order. */
export function selectPage(selection: Selection): Instance[] {
  const { call, marker, limit } = selection;
  const found = candidates(call);
  const compare = compareBy(call.request.query);
  if (compare === undefined && found === call.world.instances.ordered) {
    return selectNewestFirst(selection);
  }
  const keys = queryValues(call.request.query, 'sort_key');
  if (found === call.world.instances.ordered && keys.length === 1 && keys[0] === 'uuid') {
    return selectById(selection, queryValue(call.request.query, 'sort_dir') === 'asc');
  }
  const order = compare ?? ((a: Instance, b: Instance) => b.seq - a.seq);
  const admitted: Instance[] = [];
  for (const instance of found) {
    if (admits(selection, instance) && (marker === undefined || order(instance, marker) > 0)) {
      admitted.push(instance);
    }
  }
  return admitted.sort(order).slice(0, limit);
}

/** Reads filters, order and page of a list, or refuses. */
export function readSelection(call: Call): Selection | ApiResponse {
  const { world, request, version } = call;
  const { query } = request;
  if (version >= 75) {
    // Parameters that begin with an underscore pass: the schema is written as a pattern.
    const unknown = Object.keys(query).find(
      (name) => !PARAMETERS.has(name) && !name.startsWith('_'),
    );
    if (unknown !== undefined) {
      return fault(400, `'${unknown}' does not match any of the regexes: '^_'`);
    }
  }
  const limit = readLimit(query, world.habits.maxLimit);
  if (typeof limit !== 'number') return limit;
  const badKey = queryValues(query, 'sort_key').find((key) => SORT_KEYS[key] === undefined);
  if (badKey !== undefined)
    return invalidQuery('sort_key', badKey, `'${badKey}' is not one of the sort keys`);
  const allProjects = isTrue(queryValue(query, 'all_tenants'));
  if (allProjects && !call.policy.getAllTenants) return forbidden('servers:detail:get_all_tenants');
  const markerId = queryValue(query, 'marker');
  const marker = markerId === undefined ? undefined : world.instances.byId.get(markerId);
  if (markerId !== undefined && (marker === undefined || marker.deleted)) {
    return fault(400, `marker [${markerId}] not found`);
  }
  const seesAll = allProjects && call.policy.contextIsAdmin;
  return { call, filters: readFilters(call), allProjects: seesAll, limit, marker };
}
