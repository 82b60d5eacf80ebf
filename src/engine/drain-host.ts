import type { Change } from '../domain/changes.ts';
import type { MoveRequest } from '../domain/drain.ts';
import { isActive, type Evacuation } from '../domain/evacuation.ts';
import type { Fleet, Service } from '../domain/host.ts';
import { asEvent, type EventId, type HostName, type InstanceId } from '../domain/ids.ts';
import { known, unknown, type Known } from '../domain/known.ts';
import { drainNote, parseDrainNote } from '../domain/move.ts';
import { because, type Reason } from '../domain/reason.ts';
import type { Instant } from '../domain/time.ts';
import { askedBefore, listMoves } from './drain-census.ts';
import { policyOfHost } from './drain-policy.ts';
import { moveInstances, type MoveEnd, type MovingParts, type Obstacle } from './move-instances.ts';
import type { MoveLook } from './move-look.ts';
import type { Chance, Images } from './ports.ts';

/** A drain as it was asked for. */
export interface DrainOrder {
  readonly host: HostName;
  readonly by: string;
  readonly reason: string | null;
  readonly request: MoveRequest;
}

/** What a drain works with. */
export interface DrainParts extends MovingParts {
  readonly chance: Chance;
  /** Where it is missing, images have no say in the order. */
  readonly images?: Images | undefined;
}

/** Why a host is not drained, or its service as it is now. */
export type DrainCheck =
  | { readonly kind: 'refused'; readonly why: Reason }
  | { readonly kind: 'fit'; readonly service: Service };

/** Looks whether a host may be drained: alive, not marked as failed, and a target that can take guests. */
export async function checkDrain(
  { compute, store }: Pick<DrainParts, 'compute' | 'store'>,
  host: HostName,
  { target, instances: wanted }: Pick<MoveRequest, 'target' | 'instances'>,
): Promise<Known<DrainCheck>> {
  const [fleet, peers] = await Promise.all([compute.fleet(), store.list()]);
  if (fleet.kind === 'unknown') return fleet;
  if (peers.kind === 'unknown') return peers;
  const refused = (why: Reason): Known<DrainCheck> => known({ kind: 'refused', why }, fleet.at);
  const service = fleet.value.services.get(host);
  if (service === undefined) return refused(because('NH103', { host }));
  const peer = peers.value.find((summary) => summary.host === host);
  if (peer !== undefined && isUnderWay(peer.phase)) {
    return refused(because('NH611', { host, phase: peer.phase }));
  }
  if (service.state === 'unknown') {
    return refused(because('NH104', { what: host, detail: 'its cell cannot be reached' }));
  }
  if (service.state === 'down') return refused(because('NH610', { host }));
  if (target !== null) {
    const marked = peers.value.some(
      (summary) => summary.host === target && isUnderWay(summary.phase),
    );
    const detail = marked ? 'it is marked as failed' : flawOf(target, host, fleet.value);
    if (detail !== null) return refused(because('NH612', { target, detail }));
  }
  const strangers: InstanceId[] = [];
  for (const id of wanted ?? []) {
    // One that is elsewhere was moved already; one that is nowhere is most likely a slip.
    const seen = await compute.sighting(id);
    if (seen.kind === 'unknown') return seen;
    if (seen.value === null) strangers.push(id);
  }
  if (strangers.length > 0) return refused(because('NH608', { host, ids: strangers.join(', ') }));
  return known({ kind: 'fit', service }, fleet.at);
}

const isUnderWay = (phase: Evacuation['phase']): boolean =>
  isActive({ phase }) || phase === 'readmitting' || phase === 'settled';

function flawOf(target: HostName, host: HostName, fleet: Fleet): string | null {
  if (target === host) return 'it is the host itself';
  const service = fleet.services.get(target);
  if (service === undefined) return 'Nova knows no such host';
  if (service.state !== 'up') return `it is ${service.state}`;
  return service.status === 'enabled' ? null : 'it is disabled';
}

/** The disable as it stands: ours with its event, or somebody else's. */
export type Disabled =
  | { readonly kind: 'ours'; readonly event: EventId; readonly fresh: boolean }
  | { readonly kind: 'theirs'; readonly reason: string };

/**
 * Disables the compute service so that nothing new lands there, with a reason that names the drain. A
 * service that is disabled already is left as it is: an operator's reason is his, and a drain's of ours
 * carries the event that this run goes on with.
 */
export async function disableForDrain(
  { compute, clock, chance }: DrainParts,
  { host, by, reason }: DrainOrder,
  service: Service,
): Promise<Known<Disabled>> {
  const note = parseDrainNote(service.disabledReason);
  if (service.status === 'disabled') {
    const disabled: Disabled =
      note === null
        ? { kind: 'theirs', reason: service.disabledReason ?? 'no reason given' }
        : { kind: 'ours', event: asEvent(note.event), fresh: false };
    return known(disabled, clock.now());
  }
  const event = chance.event(clock.now());
  const outcome = await compute.changeService(service.id, {
    status: 'disabled',
    disabledReason: drainNote({ event, by, reason }),
  });
  if (outcome.kind === 'applied') return known({ kind: 'ours', event, fresh: true }, clock.now());
  const why = outcome.kind === 'refused' ? outcome.refusal.message : outcome.why;
  return unknown(`${host} could not be disabled: ${why}`);
}

/** Lifts the disable of a drain; what somebody else disabled stays so. */
export async function undoDrain(
  { compute }: Pick<DrainParts, 'compute'>,
  host: HostName,
  service: Service,
): Promise<Known<'enabled' | 'was-enabled' | Reason>> {
  const at = 0;
  if (service.status === 'enabled') return known('was-enabled', at);
  if (parseDrainNote(service.disabledReason) === null) {
    const detail = service.disabledReason ?? 'no reason given';
    return known(because('NH617', { host, detail }), at);
  }
  const outcome = await compute.changeService(service.id, { status: 'enabled' });
  if (outcome.kind === 'applied') return known('enabled', at);
  return unknown(outcome.kind === 'refused' ? outcome.refusal.message : outcome.why);
}

type Watch = (ledger: Evacuation, changes: readonly Change[], now: Instant) => void;

/**
 * Empties a host that was disabled before. When everything on the list is over, the host is listed once
 * more: what was being built there when it was disabled is moved too.
 */
export async function drainHost(
  general: DrainParts,
  order: DrainOrder,
  disabled: Disabled,
  watch: Watch,
): Promise<Known<MoveEnd>> {
  const { host, request, by } = order;
  const chosen = await policyOfHost(general, host, general.clock.now());
  if (chosen.kind === 'unknown') return chosen;
  const parts = { ...general, policy: chosen.value.policy };
  const event = disabled.kind === 'ours' ? disabled.event : parts.chance.event(parts.clock.now());
  const before = await askedBefore(parts, host, disabled.kind === 'ours' ? disabled.event : null);
  if (before.kind === 'unknown') return before;
  const asked = before.value;
  let earlier: Evacuation | null = null;
  for (;;) {
    const list = await listMoves(parts, { host, event, by, request }, asked);
    if (list.kind === 'unknown') return list;
    const { ledger } = list.value;
    const merged = earlier === null ? ledger : merge(earlier, ledger);
    if (merged === null && earlier !== null) {
      return known({ kind: 'over', ledger: earlier, why: null }, parts.clock.now());
    }
    const end: MoveEnd = await moveInstances(parts, {
      ledger: merged ?? ledger,
      request,
      sourceOf: () => host,
      ours: new Set(asked.keys()),
      obstacle: (look) => obstacleOf(host, disabled, look),
      watch,
    });
    if (end.kind !== 'over' || request.instances !== null) return known(end, parts.clock.now());
    earlier = end.ledger;
  }
}

/** What the second list has that the first had not; null when that is nothing. */
function merge(before: Evacuation, after: Evacuation): Evacuation | null {
  const fresh = Object.entries(after.instances).filter(
    ([id]) => before.instances[id as InstanceId] === undefined,
  );
  if (fresh.length === 0) return null;
  return { ...before, instances: { ...before.instances, ...Object.fromEntries(fresh) } };
}

/** Why nothing more may be moved off the host. */
function obstacleOf(host: HostName, disabled: Disabled, { fleet, peers }: MoveLook): Obstacle {
  const peer =
    peers.kind === 'known' ? peers.value.find((other) => other.host === host) : undefined;
  if (peer !== undefined && isUnderWay(peer.phase)) {
    return { for: 'good', why: because('NH611', { host, phase: peer.phase }) };
  }
  if (fleet.kind === 'unknown') {
    return { for: 'now', why: because('NH104', { what: 'Nova', detail: fleet.why }) };
  }
  const service = fleet.value.services.get(host);
  if (service === undefined || service.state === 'unknown') {
    return { for: 'now', why: because('NH104', { what: host, detail: 'Nova does not show it' }) };
  }
  if (service.state === 'down') return { for: 'good', why: because('NH610', { host }) };
  if (service.status === 'enabled' && disabled.kind === 'ours') {
    return { for: 'good', why: because('NH616', { detail: `${host} was enabled again` }) };
  }
  return null;
}
