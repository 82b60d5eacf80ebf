import {
  isActive,
  isInFlight,
  isTerminal,
  tracked,
  type Evacuation,
  type Tracked,
} from '../domain/evacuation.ts';
import { asEvent, asHost, type HostName, type InstanceId } from '../domain/ids.ts';
import { because } from '../domain/reason.ts';
import type { Board } from '../domain/switchboard.ts';
import {
  scopeText,
  withoutSwitches,
  withSwitch,
  type Switch,
  type SwitchKind,
  type SwitchScope,
} from '../domain/switches.ts';
import type { Instant } from '../domain/time.ts';
import { changeRecord, type CommandOutcome } from './change-record.ts';
import type { MarkingParts } from './mark-host.ts';
import type { Store } from './ports.ts';

/** What the use cases on switches need of the world. */
export type SwitchingParts = Pick<MarkingParts, 'store' | 'clock'>;

/** What became of the switches. */
export type SwitchOutcome =
  | {
      readonly kind: 'done';
      readonly switches: readonly Switch[];
      readonly changed: readonly Switch[];
    }
  | { readonly kind: 'unreachable'; readonly why: string };

/** How often a lost race against another writer is run again. */
const RACES_MAX = 20;

/** Puts a switch on, durably; one of the same kind and scope is replaced. */
export function switchOn(
  parts: SwitchingParts,
  wanted: Omit<Switch, 'since' | 'until'> & { readonly forMs: number | null },
): Promise<SwitchOutcome> {
  const { kind, scope, reason, by, forMs } = wanted;
  return change(parts, by, (board, now) => {
    const until = forMs === null ? null : now + forMs;
    const added: Switch = { kind, scope, reason, by, since: now, until };
    return { switches: withSwitch(board.switches, added, now), changed: [added], what: kind };
  });
}

/** Takes switches of a scope off; `changed` are those that were on. */
export function switchOff(
  parts: SwitchingParts,
  wanted: {
    readonly kinds: readonly SwitchKind[];
    readonly scope: SwitchScope;
    readonly by: string;
  },
): Promise<SwitchOutcome> {
  const { kinds, scope, by } = wanted;
  return change(parts, by, (board, now) => {
    const { left, lifted } = withoutSwitches(board.switches, kinds, scope, now);
    return { switches: left, changed: lifted, what: 'resume' };
  });
}

interface Changed {
  readonly switches: readonly Switch[];
  readonly changed: readonly Switch[];
  readonly what: string;
}

async function change(
  { store, clock }: SwitchingParts,
  by: string,
  make: (board: Board, now: Instant) => Changed,
): Promise<SwitchOutcome> {
  for (let race = 0; race < RACES_MAX; race += 1) {
    const board = await store.switchboard();
    if (board.kind === 'unknown') return { kind: 'unreachable', why: board.why };
    const now = clock.now();
    const { switches, changed, what } = make(board.value, now);
    if (changed.length === 0) return { kind: 'done', switches, changed };
    const { version, silent } = board.value;
    const outcome = await store.setSwitchboard(version, { switches, silent });
    if (outcome.kind === 'applied') {
      await announce(store, changed, { what, by, at: now });
      return { kind: 'done', switches, changed };
    }
    // Switching once more is harmless, so an uncertain write is simply made again.
    if (outcome.kind === 'uncertain') continue;
    if (outcome.refusal.cause !== 'wrong-state') {
      return { kind: 'unreachable', why: outcome.refusal.message };
    }
  }
  return { kind: 'unreachable', why: 'it is not known whether the switches were changed' };
}

/** Into the history, and to the workers: who is held or may go on looks now. */
async function announce(
  store: Store,
  changed: readonly Switch[],
  { what, by, at }: { readonly what: string; readonly by: string; readonly at: Instant },
): Promise<void> {
  await store.append(
    changed.map(({ kind, scope, reason }) => ({
      at,
      host: scope.of === 'host' ? scope.host : asHost(scopeText(scope)),
      event: asEvent('switch'),
      what,
      instance: null,
      detail: what === kind ? `by ${by}: ${reason}` : `by ${by}: no ${kind} any more`,
    })),
  );
  const list = await store.list();
  if (list.kind === 'unknown') return;
  for (const { host, phase } of list.value) if (phase !== 'closed') await store.nudge(host);
}

/** Goes on with a marked host although storms, aggregates or an interval say hold. */
export function forceHost(
  parts: MarkingParts,
  command: { readonly host: HostName; readonly by: string },
): Promise<CommandOutcome> {
  return changeRecord(parts, command.host, 'forced', `by ${command.by}`, (record) => {
    if (!isActive(record)) return because('NH603', { host: record.host });
    const request = { ...record.mark.request, force: true };
    return { ...record, mark: { ...record.mark, request } };
  });
}

/** What ignoring a host would leave to nobody. */
export function leftAlone(record: Evacuation): { readonly count: number; readonly flying: number } {
  const open = tracked(record).filter(([, { progress }]) => !isTerminal(progress));
  const flying = open.filter(([, { progress }]) => isInFlight(progress)).length;
  return { count: open.length - flying, flying };
}

/**
 * Forgets a host: its mark is closed, nothing of it is followed, sent or lifted any more. What Nova has
 * begun goes on, for it cannot be cancelled; what we imposed on the host stays until somebody lifts it.
 */
export function ignoreHost(
  parts: MarkingParts,
  command: { readonly host: HostName; readonly by: string; readonly reason: string },
): Promise<CommandOutcome> {
  const { host, by, reason } = command;
  return changeRecord(parts, host, 'ignored', `by ${by}: ${reason}`, (record, now) => {
    if (record.phase === 'closed') return because('NH603', { host });
    const { count, flying } = leftAlone(record);
    const why = because('NH223', { host, by, reason, count, flying });
    const instances: Record<InstanceId, Tracked> = {};
    for (const [id, entry] of tracked(record)) {
      instances[id] = isTerminal(entry.progress) ? entry : forgotten(entry, why);
    }
    const over = { phase: 'closed', phaseSince: now, reasons: [why] } as const;
    return { ...record, ...over, instances, proof: null };
  });
}

function forgotten(entry: Tracked, why: ReturnType<typeof because>): Tracked {
  if (entry.progress.at === 'pending') return { ...entry, progress: { at: 'skipped', why } };
  const attempt = 'attempt' in entry.progress ? entry.progress.attempt : 1;
  return { ...entry, progress: { at: 'failed', attempt, why } };
}
