import { aggregatesOf, type Aggregate } from './facts.ts';
import type { Fleet, Service } from './host.ts';
import type { EventId, HostName } from './ids.ts';
import { known, type Known } from './known.ts';
import { parseDisabledReason, type FenceProof } from './mark.ts';
import type { Policy } from './policy.ts';
import { assignmentOf, everyPolicy, policyOf } from './profile.ts';
import type { Reason } from './reason.ts';
import { isSilent, shouldSpeak, type Silence } from './silence.ts';
import type { Summary } from './summary.ts';
import type { Board, SilentHost } from './switchboard.ts';
import { needsAggregates } from './switches.ts';
import { parseNovaTime, type Instant, type Millis } from './time.ts';

/** Where a host stands for a cluster manager. `foreign`: it is no node; `alone`: there is no manager. */
export type Presence = 'connected' | 'lost' | 'fenced' | 'foreign' | 'alone';

/** What is asked about one silent host, once something hangs on it. */
export interface SilentFacts {
  /** The id for a label of ours. */
  readonly event: EventId;
  /** How many instances are there. */
  readonly count: Known<number>;
  readonly presence: Known<Presence>;
  /** Why nobody can switch it off; null: somebody can. Unknown where that was not asked. */
  readonly objection: Known<string | null>;
  /** The newest proof that it is off. */
  readonly proof: Known<FenceProof | null>;
}

/** What is known when the silent services are looked at. */
export interface SilenceLook {
  readonly board: Board;
  readonly fleet: Fleet;
  readonly peers: readonly Summary[];
  readonly aggregates: Known<readonly Aggregate[]>;
  readonly facts: ReadonlyMap<HostName, SilentFacts>;
}

/** What is to be done beside what is written down. */
export type SilentAction =
  | {
      readonly do: 'disable';
      readonly host: HostName;
      readonly service: string;
      readonly label: EventId;
    }
  | { readonly do: 'enable'; readonly host: HostName; readonly service: string }
  | { readonly do: 'switch-off'; readonly host: HostName }
  | { readonly do: 'mark'; readonly host: HostName; readonly proof: FenceProof };

/** What must be known of a host before anything is decided about it. */
export interface SilentNeed {
  readonly host: HostName;
  /** Whether it matters too who can switch it off, or has done so. */
  readonly fencing: boolean;
}

/** What a look at one host comes to; without an entry it is no longer a case. */
export interface SilentStep {
  readonly entry: SilentHost | null;
  readonly action?: SilentAction;
  readonly need?: SilentNeed;
  /** What is to be told once it is durable; null: it reports again. */
  readonly told?: Reason | null;
}

/** What the steps of single hosts have in common. */
export interface SilenceContext extends SilenceLook {
  readonly policy: Policy;
  readonly now: Instant;
  /** Most services are silent at once: that is no host's failure. */
  readonly storm: Silence | null;
  readonly maintenance: ReadonlySet<HostName>;
  /** The hosts that are silent for long enough, or were told already. */
  readonly suspects: ReadonlySet<HostName>;
}

/** Services that should speak and do not, or that carry our label; those with an open record are none. */
export function candidates({ fleet, peers }: Pick<SilenceLook, 'fleet' | 'peers'>): HostName[] {
  const open = new Set(peers.filter(({ phase }) => phase !== 'closed').map(({ host }) => host));
  const found: HostName[] = [];
  for (const service of fleet.services.values()) {
    if (open.has(service.host) || service.state === 'unknown') continue;
    const silent = shouldSpeak(service) && isSilent(service, fleet.newestReport ?? null);
    if (silent || isLabelled(service)) found.push(service.host);
  }
  return found;
}

/** Whether we have disabled a service because it was silent. One that is forced down is an operator's. */
export const isLabelled = (service: Service): boolean =>
  service.status === 'disabled' &&
  !service.forcedDown &&
  parseDisabledReason(service.disabledReason)?.stage === 'silent';

/**
 * How long a service is silent, by Nova's own times; null where they do not tell. A PUT of anybody moves
 * them too, so this is the least that it can be.
 */
export function silentMs(service: Service, { newestReport }: Fleet): Millis | null {
  const at = service.updatedAt === null ? null : parseNovaTime(service.updatedAt);
  return at === null || newestReport === undefined ? null : Math.max(0, newestReport - at);
}

/** The policy for a host that nobody has counted; null while it is unknown which profile applies. */
export function policyFor(
  { fleet, aggregates }: Pick<SilenceLook, 'fleet' | 'aggregates'>,
  policy: Policy,
  host: HostName,
): Policy | null {
  const byAggregate = policy.assign.some((rule) => rule.aggregates.length > 0);
  if (byAggregate && aggregates.kind === 'unknown') return null;
  const service = fleet.services.get(host);
  const zone = service === undefined || service.state === 'unknown' ? null : service.zone;
  const all = aggregates.kind === 'known' ? aggregates.value : [];
  const facts = { host, zone, aggregates: aggregatesOf(host, all) };
  return policyOf(policy, { profile: assignmentOf(policy, facts)?.profile });
}

/** Whether it matters who is in which aggregate; while nothing is done, only rules may ask for it. */
export const asksForAggregates = (
  policy: Policy,
  { switches }: Board,
  at: { readonly acting: boolean; readonly now: Instant },
): boolean =>
  policy.assign.some((rule) => rule.aggregates.length > 0) ||
  needsAggregates(known(switches, at.now), at.now) ||
  (at.acting &&
    policy.storm.aggregateKey !== '' &&
    everyPolicy(policy).some(({ died }) => died.action !== 'report'));
