import type { Action } from '../../../src/domain/action.ts';
import { newEvacuation, type Evacuation } from '../../../src/domain/evacuation.ts';
import type { Answer } from '../../../src/domain/observation.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/domain/policy.ts';
import { H1, mark } from '../domain.ts';
import { FRESH, isOverdue, wait, type Vm } from './nova.ts';

/** Time passes in ticks of half a minute, which is what the core waits for before it reads a trace. */
export const TICK_MS = 30_000;
/** It is always this instant: a tick moves everything that was into the past instead. */
export const NOW = 1_795_000_000_000;
/** What lies further back than every window of the policy is simply long ago. */
export const LONG_AGO_MS = 4 * TICK_MS;
/** How long a request may lie in front of Nova after its client gave up. */
export const LATE_TICKS = 1;
/** How old a decision may be when its requests leave. */
export const SEND_TICKS = 1;
/** How long a lease lasts, and how long its holder trusts it. */
export const LEASE_TICKS = 2;
export const TRUSTED_TICKS = 1;

/** Tiny windows: a request may leave a tick after its decision and arrive another one later. */
export const POLICY: Policy = {
  ...DEFAULT_POLICY,
  fence: { ...DEFAULT_POLICY.fence, skewMs: 0, patienceMs: 2 * TICK_MS },
  pace: { ...DEFAULT_POLICY.pace, inFlight: 2, posts: 1 },
  retry: {
    ...DEFAULT_POLICY.retry,
    attempts: 2,
    backoffMs: TICK_MS,
    backoffMaxMs: TICK_MS,
    uncertainMs: (SEND_TICKS + LATE_TICKS + 1) * TICK_MS,
    stalledMs: 4 * TICK_MS,
    restoreMs: 2 * TICK_MS,
  },
};

/** What a worker process has in its memory; a crash empties it. */
export interface Memory {
  /** Decided and not persisted yet. */
  readonly decided: { readonly next: Evacuation; readonly actions: readonly Action[] } | null;
  /** Persisted, to be performed. */
  readonly todo: readonly Action[];
  readonly answers: readonly Answer[];
  /** The age of its lease by its own clock; null: none. */
  readonly leaseTicks: number | null;
  /** The age of the decision that it is working on. */
  readonly turnTicks: number;
  /** It has written nothing yet under its present lease. */
  readonly isNew: boolean;
}

/** A request that its client has given up, but that Nova may still get. */
export interface Limbo {
  readonly vm: number;
  readonly ticks: number;
}

/** How often each kind of trouble may still happen. */
export interface Budget {
  readonly crashes: number;
  readonly requests: number;
  readonly flights: number;
  readonly reads: number;
}

/** The service of the failed host. */
export interface Source {
  readonly up: boolean;
  readonly forcedDown: boolean;
  readonly disabledReason: string | null;
  /** Moves `updated_at`. */
  readonly puts: number;
}

/** One state of the whole world. */
export interface World {
  readonly record: Evacuation;
  /** The lease as the store sees it. */
  readonly lease: { readonly holder: number; readonly ticks: number } | null;
  readonly workers: readonly Memory[];
  readonly vms: readonly Vm[];
  readonly limbo: readonly Limbo[];
  readonly source: Source;
  readonly budget: Budget;
}

/** A worker that has just started. */
export const BLANK: Memory = {
  decided: null,
  todo: [],
  answers: [],
  leaseTicks: null,
  turnTicks: 0,
  isNew: true,
};

/** The beginning: one host marked by its fence agent, some instances on it, two workers. */
export function beginning(budget: Budget, instances: number): World {
  const ever = NOW - LONG_AGO_MS;
  const claim = { source: 'mark', at: ever, detail: 'fenced' } as const;
  return {
    // Marked so recently that the other hosts count with it still.
    record: newEvacuation(H1, mark({ firstAt: ever, at: ever, claim }), NOW),
    lease: null,
    workers: [BLANK, BLANK],
    vms: Array.from({ length: instances }, () => FRESH),
    limbo: [],
    source: { up: true, forcedDown: false, disabledReason: null, puts: 0 },
    budget,
  };
}

/** How far back each instant still makes a difference. */
const HORIZONS: Readonly<Record<string, number>> = {
  firstAt: LONG_AGO_MS,
  at: LONG_AGO_MS,
  since: LONG_AGO_MS,
  phaseSince: LONG_AGO_MS,
  movedAt: LONG_AGO_MS,
  liftedAt: LONG_AGO_MS,
  looked: TICK_MS,
  notBefore: 0,
};

function agedInstant(key: string, instant: number): number {
  const horizonMs = HORIZONS[key];
  return horizonMs === undefined ? instant : Math.max(NOW - horizonMs, instant - TICK_MS);
}

/** Moves every instant of a record a tick into the past, and forgets how long ago the oldest were. */
function aged<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item: unknown) => aged(item)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]: [string, unknown]) => [
    key,
    typeof item === 'number' ? agedInstant(key, item) : aged(item),
  ]);
  return Object.fromEntries(entries) as T;
}

/** Whether it is in the middle of a turn. */
export const isBusy = ({ decided, todo }: Memory): boolean => decided !== null || todo.length > 0;

const memory = new WeakMap<object, object>();

/** The same, remembered for parts that many states share. */
function older<T extends object>(part: T): T {
  const known = memory.get(part) as T | undefined;
  if (known !== undefined) return known;
  const made = aged(part);
  memory.set(part, made);
  return made;
}

/** A tick; null while a late request or a conductor has to do its part first. */
export function tick(world: World): World | null {
  if (world.limbo.some(({ ticks }) => ticks >= LATE_TICKS)) return null;
  if (world.vms.some(isOverdue)) return null;
  const next = (ticks: number): number => Math.min(ticks + 1, LEASE_TICKS);
  const lease = world.lease === null ? null : { ...world.lease, ticks: next(world.lease.ticks) };
  return {
    ...world,
    record: older(world.record),
    lease: lease !== null && lease.ticks >= LEASE_TICKS ? null : lease,
    workers: world.workers.map((memory) => ({
      ...memory,
      decided: memory.decided === null ? null : older(memory.decided),
      leaseTicks: memory.leaseTicks === null ? null : next(memory.leaseTicks),
      turnTicks: isBusy(memory) ? next(memory.turnTicks) : 0,
    })),
    vms: world.vms.map(wait),
    limbo: world.limbo.map((one) => ({ ...one, ticks: one.ticks + 1 })),
  };
}
