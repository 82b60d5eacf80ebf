import type { Change } from '../domain/changes.ts';
import { classifyMove, moveLedger, type MoveRequest } from '../domain/drain.ts';
import { isActive, type Evacuation } from '../domain/evacuation.ts';
import type { Fleet, Service } from '../domain/host.ts';
import { asEvent, type EventId, type HostName, type InstanceId } from '../domain/ids.ts';
import { known, unknown, type Known } from '../domain/known.ts';
import { drainNote, parseDrainNote, parseMoveNote, type Way } from '../domain/move.ts';
import { because, type Reason } from '../domain/reason.ts';
import type { Instant } from '../domain/time.ts';
import { imagesFor, policyOfHost } from './drain-policy.ts';
import { moveInstances, type MoveEnd, type MovingParts, type Obstacle } from './move-instances.ts';
import type { MoveLook } from './move-look.ts';
import type { Chance, HistoryEntry, Images } from './ports.ts';

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
  target: HostName | null,
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

/** One line of a plan. */
export interface PlannedMove {
  readonly id: InstanceId;
  readonly name: string;
  readonly vmState: string;
  readonly verdict: Way | 'skip';
  readonly why: Reason | null;
}

/** What a drain would do; changes nothing. */
export async function planDrain(
  { compute }: Pick<DrainParts, 'compute'>,
  { host, request }: Pick<DrainOrder, 'host' | 'request'>,
): Promise<Known<readonly PlannedMove[]>> {
  const [instances, groups] = await Promise.all([compute.instancesOn(host), compute.groups()]);
  if (instances.kind === 'unknown') return instances;
  if (groups.kind === 'unknown') return groups;
  const moves = instances.value.map((instance): PlannedMove => {
    const verdict = classifyMove(instance, groups.value, request);
    const { id, name, vmState } = instance;
    return verdict.verdict === 'move'
      ? { id, name, vmState, verdict: verdict.way, why: null }
      : { id, name, vmState, verdict: 'skip', why: verdict.why };
  });
  return known(moves, instances.at);
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
  const policy = await policyOfHost(general, host, general.clock.now());
  if (policy.kind === 'unknown') return policy;
  const parts = { ...general, policy: policy.value };
  const event = disabled.kind === 'ours' ? disabled.event : parts.chance.event(parts.clock.now());
  const before = await askedBefore(parts, host, disabled);
  if (before.kind === 'unknown') return before;
  const asked = before.value;
  let earlier: Evacuation | null = null;
  for (;;) {
    const ledger = await census(parts, { host, event, by, request }, asked);
    if (ledger.kind === 'unknown') return ledger;
    const merged = earlier === null ? ledger.value : merge(earlier, ledger.value);
    if (merged === null && earlier !== null) {
      return known({ kind: 'over', ledger: earlier, why: null }, parts.clock.now());
    }
    const end: MoveEnd = await moveInstances(parts, {
      ledger: merged ?? ledger.value,
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

async function census(
  parts: DrainParts,
  start: { host: HostName; event: EventId; by: string; request: MoveRequest },
  asked: ReadonlyMap<InstanceId, { readonly name: string }>,
): Promise<Known<Evacuation>> {
  const { compute, mover, clock, policy } = parts;
  const [instances, groups, moves] = await Promise.all([
    compute.instancesOn(start.host),
    compute.groups(),
    mover.movesFrom(start.host),
  ]);
  if (instances.kind === 'unknown') return instances;
  if (groups.kind === 'unknown') return groups;
  if (moves.kind === 'unknown') return moves;
  const images = await imagesFor(parts, instances.value);
  const found = { instances: instances.value, groups: groups.value, moves: moves.value, images };
  return known(moveLedger(start.host, start, found, asked, policy, clock.now()), instances.at);
}

/** What the second list has that the first had not; null when that is nothing. */
function merge(before: Evacuation, after: Evacuation): Evacuation | null {
  const fresh = Object.entries(after.instances).filter(
    ([id]) => before.instances[id as InstanceId] === undefined,
  );
  if (fresh.length === 0) return null;
  return { ...before, instances: { ...before.instances, ...Object.fromEntries(fresh) } };
}

const HISTORY_LIMIT = 10_000;
const DAY_MS = 86_400_000;

/**
 * Which cold migrations earlier runs have asked for, by the history: only those are confirmed by us.
 * They belong to the drain that the disable names, or to the last day: an operator's disable names
 * none, and of two runs that disable the host at once the name of one is lost.
 */
async function askedBefore(
  { store, clock }: DrainParts,
  host: HostName,
  disabled: Disabled,
): Promise<Known<ReadonlyMap<InstanceId, { readonly name: string }>>> {
  const history = await store.history({ host, limit: HISTORY_LIMIT });
  if (history.kind === 'unknown') return history;
  const asked = new Map<InstanceId, { readonly name: string }>();
  const isOurs = ({ event, at }: HistoryEntry): boolean =>
    clock.now() - at < DAY_MS || (disabled.kind === 'ours' && event === disabled.event);
  for (const { what, instance, detail } of history.value.filter(isOurs)) {
    const note = what === 'moving' ? parseMoveNote(detail) : null;
    if (instance === null || note?.way !== 'cold' || asked.has(instance)) continue;
    asked.set(instance, { name: note.name });
  }
  return known(asked, clock.now());
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
