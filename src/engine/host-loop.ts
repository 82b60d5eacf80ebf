import type { HostName, WorkerId } from '../domain/ids.ts';
import type { Answer } from '../domain/observation.ts';
import type { Policy } from '../domain/policy.ts';
import type { Instant, Millis } from '../domain/time.ts';
import type { Log } from './ports.ts';
import { createReminder } from './reminder.ts';
import { takeTurn, type Tenure, type TurnParts, type TurnResult } from './turn.ts';
import type { CompletedTurn } from './worker.ts';

/** What the loop of one host is made of. */
export interface HostLoopParts extends Omit<TurnParts, 'policy'> {
  /** Asked once per turn: an operator may change it while a host is worked on. */
  readonly policy: () => Policy;
  readonly worker: WorkerId;
  readonly leaseMs: Millis;
  readonly pollMs: Millis;
  readonly log: Log;
  readonly onTurn?: (turn: CompletedTurn) => void;
}

/** Why a loop ended. */
export type LoopEnd = 'closed' | 'held' | 'stopped';

/** The work on one host: lease, turns, pace. */
export interface HostLoop {
  /** Turns until the record is closed or the signal aborts; a turn under way is always ended. */
  run(signal: AbortSignal, whenHeld?: 'wait' | 'leave-when-held'): Promise<LoopEnd>;
  /** One turn, if the lease can be had. */
  once(): Promise<void>;
  /** Something changed: look now. */
  nudge(): void;
  /** For how long the turn under way has lasted; 0 between two turns. */
  busyMs(): Millis;
}

/** The share of a lease after which we no longer act on it, so that clocks may differ a little. */
const LEASE_SAFETY = 0.75;
/** The share of a lease after which it is renewed. */
const LEASE_RENEWAL = 1 / 3;
/** The pause after a turn that could not reach the store. */
const AWAY_MS = 1000;

/** Makes the loop of one host. */
export function createHostLoop(parts: HostLoopParts, host: HostName): HostLoop {
  const { store, fleet, clock, log, worker, leaseMs } = parts;
  const trouble = createReminder(clock, log);
  let wake = new AbortController();
  let answers: readonly Answer[] = [];
  let turnSinceMs: Millis | null = null;
  let lease: { readonly epoch: number; readonly takenMs: Millis } | null = null;
  let lastEpoch: number | null = null;
  let takenOver: { readonly epoch: number | null; readonly policy: Policy } | null = null;

  const ageMs = (): Millis => (lease === null ? Infinity : clock.monotonicMs() - lease.takenMs);
  const mayAct = (): boolean => ageMs() < leaseMs * LEASE_SAFETY;

  /** Takes or renews the lease; its age counts from before the request, so never too long. */
  async function takeLease(): Promise<'ours' | 'held' | 'away'> {
    const takenMs = clock.monotonicMs();
    const grant = await store.lease(host, worker, leaseMs);
    if (grant.kind === 'unknown') return mayAct() ? 'ours' : 'away';
    if (grant.value.kind === 'held') {
      lease = null;
      return 'held';
    }
    if (lastEpoch !== grant.value.epoch) {
      answers = [];
      // Older than what the last holder did: its own PUT would look like two signs of life.
      fleet.forget();
    }
    lastEpoch = grant.value.epoch;
    lease = { epoch: grant.value.epoch, takenMs };
    return 'ours';
  }

  /** Renews in the background while a turn waits for Nova. */
  async function keepLease(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(leaseMs * LEASE_RENEWAL, signal);
      if (!isStopped(signal) && (await takeLease()) === 'held') return;
    }
  }

  async function turn(): Promise<TurnResult> {
    const held = lease;
    const policy = parts.policy();
    const tenure: Tenure = {
      epoch: held?.epoch ?? -1,
      mayAct: () => mayAct() && lease?.epoch === held?.epoch,
      // Another policy is as another worker: a request that left under a longer time-out is watched anew.
      isNew: held !== null && (held.epoch !== takenOver?.epoch || policy !== takenOver.policy),
    };
    turnSinceMs = clock.monotonicMs();
    const done = await takeTurn({ ...parts, policy }, host, tenure, answers);
    turnSinceMs = null;
    answers = done.answers;
    if (done.kind === 'done') takenOver = { epoch: held?.epoch ?? null, policy };
    if (done.kind === 'lost') lease = null;
    if (done.kind === 'unreachable') trouble.tell(done.sentence, { host });
    else if (done.kind === 'done') {
      trouble.over();
      log.debug(done.sentence, { host });
      parts.onTurn?.({ host, sentence: done.sentence, evacuation: done.evacuation });
    }
    return done;
  }

  async function rest(lengthMs: Millis, signal: AbortSignal): Promise<void> {
    if (lengthMs <= 0 || signal.aborted) return;
    // Whoever aborts the signal nudges too: a listener for each of many hosts would be a leak to Node.
    await clock.sleep(lengthMs, wake.signal);
    if (wake.signal.aborted) wake = new AbortController();
  }

  /** Keeps the lease while something is done under it, and gives it back, also when a bug ends that. */
  async function underLease<T>(work: (keep: () => void) => Promise<T>): Promise<T> {
    const renewal = new AbortController();
    const keepers: Promise<void>[] = [];
    try {
      return await work(() => {
        if (keepers.length > 0) return;
        const keeper = keepLease(renewal.signal).finally(() => keepers.splice(0));
        keepers.push(keeper);
      });
    } finally {
      // A lease that nobody works under must not be renewed.
      renewal.abort();
      await Promise.all(keepers);
      if (lease !== null) await store.release(host, worker);
      lease = null;
    }
  }

  const run: HostLoop['run'] = (signal, whenHeld = 'wait') =>
    underLease((keep) => turns(signal, whenHeld, keep));

  async function turns(
    signal: AbortSignal,
    whenHeld: 'wait' | 'leave-when-held',
    keep: () => void,
  ): Promise<LoopEnd> {
    while (!signal.aborted) {
      if (ageMs() >= leaseMs * LEASE_RENEWAL) {
        const taken = await takeLease();
        if (taken === 'held' && whenHeld === 'leave-when-held') return 'held';
        if (taken !== 'ours') {
          await rest(taken === 'held' ? leaseMs * LEASE_RENEWAL : AWAY_MS, signal);
          continue;
        }
      }
      keep();
      const done = await turn();
      if (done.kind === 'done' && done.wakeAt === null) return 'closed';
      await rest(pauseAfter(done, leaseMs, clock.now()), signal);
    }
    return 'stopped';
  }

  const once: HostLoop['once'] = () =>
    underLease(async (keep) => {
      if ((await takeLease()) !== 'ours') return;
      keep();
      await turn();
    });

  return {
    run,
    once,
    nudge() {
      wake.abort();
    },
    busyMs: () => (turnSinceMs === null ? 0 : clock.monotonicMs() - turnSinceMs),
  };
}

/** How long nothing is done after a turn. */
function pauseAfter(done: TurnResult, leaseMs: Millis, now: Instant): Millis {
  switch (done.kind) {
    case 'again':
      return 0;
    case 'lost':
      return leaseMs * LEASE_RENEWAL;
    case 'unreachable':
      return AWAY_MS;
    case 'done':
      return Math.max(0, (done.wakeAt ?? 0) - now);
  }
}

// A function, so that the type checker does not take an aborted signal for a constant.
const isStopped = (signal: AbortSignal): boolean => signal.aborted;
