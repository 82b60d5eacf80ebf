import { asRecord, asText, fault, reply } from '../request.ts';
import type { ApiResponse } from '../request.ts';
import { naiveTime } from '../timings.ts';
import type { Aggregate } from '../world.ts';
import { forbidden } from './context.ts';
import type { Call } from './context.ts';

function aggregateView(call: Call, aggregate: Aggregate): Record<string, unknown> {
  const { id, name, zone, metadata, createdAtMs } = aggregate;
  return {
    id,
    name,
    availability_zone: zone,
    hosts: [...aggregate.hosts],
    metadata: zone === null ? metadata : { availability_zone: zone, ...metadata },
    created_at: naiveTime(createdAtMs),
    updated_at: null,
    deleted: false,
    deleted_at: null,
    ...(call.version >= 41 ? { uuid: aggregate.uuid } : {}),
  };
}

/** GET /os-aggregates: no paging. */
export function listAggregates(call: Call): ApiResponse {
  if (!call.policy.aggregates) return forbidden('os-aggregates:index');
  const aggregates = [...call.world.aggregates.values()].map((item) => aggregateView(call, item));
  return reply(200, { aggregates });
}

/** GET /os-aggregates/{id}. */
export function showAggregate(call: Call, params: readonly string[]): ApiResponse {
  const [id = ''] = params;
  if (!call.policy.aggregates) return forbidden('os-aggregates:show');
  const aggregate = call.world.aggregates.get(Number(id));
  if (aggregate === undefined) return fault(404, `Aggregate ${id} could not be found.`);
  return reply(200, { aggregate: aggregateView(call, aggregate) });
}

/** POST /os-aggregates/{id}/action: add_host, remove_host, set_metadata. */
export function actOnAggregate(call: Call, params: readonly string[]): ApiResponse {
  const [id = ''] = params;
  if (!call.policy.aggregates) return forbidden('os-aggregates:add_host');
  const aggregate = call.world.aggregates.get(Number(id));
  const [name = '', value] = Object.entries(asRecord(call.request.body) ?? {})[0] ?? [];
  const hostName = asText(asRecord(value)?.['host']) ?? '';
  if (name === 'remove_host') return removeHost(call, id, hostName);
  if (aggregate === undefined) return fault(404, `Aggregate ${id} could not be found.`);
  if (name === 'set_metadata') {
    for (const [key, item] of Object.entries(asRecord(asRecord(value)?.['metadata']) ?? {})) {
      if (typeof item === 'string') aggregate.metadata[key] = item;
      else Reflect.deleteProperty(aggregate.metadata, key);
    }
    return reply(200, { aggregate: aggregateView(call, aggregate) });
  }
  if (name === 'add_host') return addHost(call, aggregate, hostName);
  return fault(400, `There is no such action: ${name}`);
}

/** Nova checks the host, then its zone (a host is in one only), then whether it is in there. */
function addHost(call: Call, aggregate: Aggregate, hostName: string): ApiResponse {
  const { aggregates, hosts } = call.world;
  if (!hosts.has(hostName)) return fault(404, `Compute host ${hostName} could not be found.`);
  const zones = [...aggregates.values()]
    .filter((other) => other !== aggregate && other.hosts.has(hostName))
    .flatMap(({ zone }) => (zone !== null && zone !== aggregate.zone ? [zone] : []));
  if (aggregate.zone !== null && zones.length > 0) {
    const list = zones.map((zone) => `'${zone}'`).join(', ');
    const why = `One or more hosts already in availability zone(s) [${list}].`;
    return fault(409, `Cannot add host to aggregate ${aggregate.id}. Reason: ${why}`);
  }
  if (aggregate.hosts.has(hostName))
    return fault(409, `Aggregate ${aggregate.id} already has host ${hostName}.`);
  aggregate.hosts.add(hostName);
  return reply(200, { aggregate: aggregateView(call, aggregate) });
}

/** An aggregate, or a host in it, that is not there: Nova has one answer for all. */
function removeHost(call: Call, id: string, hostName: string): ApiResponse {
  const { aggregates, hosts } = call.world;
  const aggregate = aggregates.get(Number(id));
  if (aggregate === undefined || !hosts.has(hostName) || !aggregate.hosts.delete(hostName))
    return fault(404, `Cannot remove host ${hostName} in aggregate ${id}`);
  return reply(200, { aggregate: aggregateView(call, aggregate) });
}
