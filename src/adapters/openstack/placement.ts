import * as v from 'valibot';
import type { Room } from '../../domain/capacity.ts';
import { asHost } from '../../domain/ids.ts';
import { known, unknown, type Known } from '../../domain/known.ts';
import type { Capacity } from '../../engine/ports.ts';
import { hasNext, walk } from './pages.ts';
import { messageOf } from './refusal.ts';
import type { RestSession } from './rest-session.ts';
import type { Session } from './session.ts';

/** From 1.27 on summaries have every resource class, from 1.29 on the trees of providers (Rocky). */
const VERSION = 'placement 1.29';
/** From 2.88 on the list has no sizes, which only Placement knows right; it names the service's host. */
const HYPERVISORS_MINOR = 88;
/** It is only a forecast: the first evacuation must not wait long for it. */
const DEADLINE_MS = 3000;

const amount = v.object({ capacity: v.number(), used: v.number() });
const candidates = v.object({
  provider_summaries: v.record(
    v.string(),
    v.object({
      resources: v.record(v.string(), amount),
      traits: v.optional(v.array(v.string()), []),
      root_provider_uuid: v.nullish(v.string(), null),
    }),
  ),
});
const hypervisorPage = v.object({
  hypervisors: v.array(
    v.object({
      id: v.union([v.string(), v.number()]),
      service: v.object({ host: v.string() }),
    }),
  ),
  hypervisors_links: v.optional(v.array(v.object({ rel: v.string() }))),
});

type Summaries = v.InferOutput<typeof candidates>['provider_summaries'];

/** The root that Placement's paths are below. */
export const placementRoot = (endpoint: string): string =>
  endpoint.replace(/[?#].*$/s, '').replace(/\/+$/, '');

/**
 * What is free on all hosts, in two calls side by side whatever their number: the candidates for one
 * MiB of memory, whose summaries show capacity (reserved and ratio are in it) and usage of every
 * class, and the list that tells which provider is which host. Inventories would be one call for each
 * host, and the sizes in os-hypervisors know neither ratios nor what is reserved. A full host is not
 * among the candidates, and has nothing free.
 */
export function createCapacity({
  session,
  placement,
}: {
  readonly session: Session;
  readonly placement: RestSession;
}): Capacity {
  return {
    rooms: async () => {
      const [summaries, hosts] = await Promise.all([readSummaries(placement), readHosts(session)]);
      if (summaries.kind === 'unknown') return summaries;
      if (hosts.kind === 'unknown') return hosts;
      return known(roomsOf(summaries.value, hosts.value), summaries.at);
    },
  };
}

/** The service's host of every provider. */
async function readHosts(session: Session): Promise<Known<ReadonlyMap<string, string>>> {
  const walked = await walk(session, {
    call: { path: '/os-hypervisors/detail', minor: HYPERVISORS_MINOR, deadlineMs: DEADLINE_MS },
    shape: hypervisorPage,
    pageOf: (body) => ({ rows: body.hypervisors, more: hasNext(body.hypervisors_links) }),
    keyOf: ({ id }) => String(id),
    limits: [1000],
    end: 'trust',
  });
  if (walked.kind === 'unknown') return walked;
  const { rows } = walked.value;
  return known(new Map(rows.map(({ id, service }) => [String(id), service.host])), walked.at);
}

async function readSummaries(placement: RestSession): Promise<Known<Summaries>> {
  const result = await placement.get({
    path: '/allocation_candidates',
    query: { resources: 'MEMORY_MB:1' },
    headers: { 'OpenStack-API-Version': VERSION },
    deadlineMs: DEADLINE_MS,
  });
  if (result.kind === 'none') return unknown(`Placement cannot be reached: ${result.why}`);
  const { label, reply, at } = result;
  if (reply.status !== 200)
    return unknown(`${label}: ${String(reply.status)}, ${messageOf(reply)}`);
  const parsed = v.safeParse(candidates, reply.body, { abortEarly: true });
  return parsed.success
    ? known(parsed.output.provider_summaries, at)
    : unknown(`${label}: the answer has an unexpected form (${parsed.issues[0].message})`);
}

function roomsOf(summaries: Summaries, hosts: ReadonlyMap<string, string>): readonly Room[] {
  const rooms = new Map<string, Room>();
  for (const [uuid, { resources, traits, root_provider_uuid: root }] of Object.entries(summaries)) {
    const host = hosts.get(root ?? uuid);
    // Others are shared storage, or hosts whose cell is away.
    if (host === undefined) continue;
    const free = (name: string): number | null => {
      const found = resources[name];
      return found === undefined ? null : Math.max(0, found.capacity - found.used);
    };
    const disk = free('DISK_GB');
    const room = rooms.get(host);
    rooms.set(host, {
      host: asHost(host),
      vcpus: (room?.vcpus ?? 0) + (free('VCPU') ?? 0),
      pcpus: (room?.pcpus ?? 0) + (free('PCPU') ?? 0),
      memoryMib: (room?.memoryMib ?? 0) + (free('MEMORY_MB') ?? 0),
      diskGib: disk ?? room?.diskGib ?? null,
      disabled: (room?.disabled ?? false) || traits.includes('COMPUTE_STATUS_DISABLED'),
    });
  }
  return [...rooms.values()];
}
