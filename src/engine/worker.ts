import type { Evacuation } from '../domain/evacuation.ts';
import { isActive } from '../domain/evacuation.ts';
import type { HostName, WorkerId } from '../domain/ids.ts';
import type { Policy } from '../domain/policy.ts';
import type { Summary } from '../domain/summary.ts';
import type { Millis } from '../domain/time.ts';
import { createDiscovery, type Cluster } from './discovery.ts';
import { createFleetCache } from './fleet-cache.ts';
import { createHostLoop, type HostLoop, type HostLoopParts } from './host-loop.ts';
import { createPoll } from './poll.ts';
import type { Capacity, Clock, Compute, Fencing, Images, Log, Store } from './ports.ts';
import { createSilenceWatch, type SilenceParts } from './silent-hosts.ts';
import type { DecisionCore } from './turn.ts';

/** Everything that a worker is made of. */
export interface WorkerParts {
  readonly store: Store;
  readonly compute: Compute;
  readonly images?: Images | undefined;
  readonly fencing: Fencing;
  readonly capacity?: Capacity | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** The policy to begin with; see {@link Worker.usePolicy}. */
  readonly policy: Policy;
  readonly worker: WorkerId;
  /** How long a lease on a host lasts without renewal. */
  readonly leaseMs: Millis;
  /** How often the store is polled for marks; nudges come on top. */
  readonly pollMs: Millis;
  /** The cluster manager of this machine, where there is one. */
  readonly cluster?: Cluster | undefined;
  /** What looking after silent services needs; where it is missing, nobody does. */
  readonly silence?: Pick<SilenceParts, 'chance' | 'nodes' | 'switches'>;
  /** Works on this host alone. */
  readonly only?: HostName;
  /** Another decision core than the real one; for the tests of the tests. */
  readonly core?: DecisionCore;
  /** Called after every completed turn: watchdog, status line, metrics. */
  readonly onTurn?: (turn: CompletedTurn) => void;
  /**
   * Told of a bug that ended the loop of one host; the others go on, and that host is tried again
   * from what is durable after a rest. Without it such a bug ends the worker.
   */
  readonly onBroken?: (host: HostName, error: unknown) => void;
}

/** A turn that was completed; the proof that the worker is alive. */
export interface CompletedTurn {
  readonly host: HostName | null;
  readonly sentence: string;
  readonly evacuation: Evacuation | null;
}

/** A worker. */
export interface Worker {
  /** Works until the signal aborts, then lets the turns under way end and gives its leases back. */
  run(signal: AbortSignal): Promise<void>;
  /** One turn for every host that is not closed. */
  once(): Promise<{ readonly active: number }>;
  /** Works on one host until its mark is done, or another worker holds it. */
  untilSettled(
    host: HostName,
    signal: AbortSignal,
  ): Promise<'settled' | 'held-elsewhere' | 'aborted'>;
  /**
   * Goes on by another policy, from the next turn of each host; a turn under way ends by the old one.
   * What waits for a time waits for it anew, as after a restart.
   */
  readonly usePolicy: (policy: Policy) => void;
}

/** Longer than all deadlines of a turn together: a turn that lasts so long has hung. */
const HUNG_MS = 300_000;
/** How long a host is left alone after a bug ended its loop: nothing of it was written or sent. */
const BROKEN_REST_MS = 60_000;

/** Makes a worker; it does nothing until it is asked to. */
export function createWorker(parts: WorkerParts): Worker {
  const { store, clock, log } = parts;
  const fleet = createFleetCache(parts.compute, clock);
  const loops = new Map<HostName, { readonly loop: HostLoop; readonly ended: Promise<void> }>();
  const restingUntilMs = new Map<HostName, Millis>();
  let failure: { readonly error: unknown } | null = null;
  let wakeUp = (): void => undefined;
  const poll = createPoll(clock, parts.pollMs);

  const wanted = (host: HostName): boolean => parts.only === undefined || parts.only === host;
  const { cluster } = parts;
  let { policy } = parts;
  const currently = { fleet, policy: (): Policy => policy };
  const silence =
    parts.silence === undefined
      ? null
      : createSilenceWatch({ ...parts, ...currently, ...parts.silence });
  const only = parts.only ?? null;
  const discovery = createDiscovery({ store, clock, log, fleet, cluster, only, silence });
  const eyes = cluster === undefined ? {} : { lookout: cluster.lookout };
  const newLoop = (host: HostName): HostLoop =>
    createHostLoop({ ...parts, ...eyes, ...currently }, host);

  function ensureLoop(host: HostName, signal: AbortSignal): void {
    if (loops.has(host) || !wanted(host) || signal.aborted) return;
    if (clock.monotonicMs() < (restingUntilMs.get(host) ?? -Infinity)) return;
    restingUntilMs.delete(host);
    const loop = newLoop(host);
    const ended = loop
      .run(signal)
      .catch((error: unknown) => {
        restingUntilMs.set(host, clock.monotonicMs() + BROKEN_REST_MS);
        broken(host, error);
      })
      .then(() => {
        loops.delete(host);
      });
    loops.set(host, { loop, ended });
  }

  function broken(host: HostName, error: unknown): void {
    if (parts.onBroken !== undefined) {
      parts.onBroken(host, error);
      return;
    }
    failure ??= { error };
    wakeUp();
  }

  async function run(signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const lookAgain = (): void => {
      poll.hurry();
      for (const { loop } of loops.values()) loop.nudge();
    };
    wakeUp = () => {
      stop.abort();
      lookAgain();
    };
    signal.addEventListener('abort', wakeUp, { once: true });
    if (isStopped(signal)) wakeUp();
    const watch = store.watch((host) => {
      const entry = loops.get(host);
      if (entry === undefined) ensureLoop(host, stop.signal);
      else entry.loop.nudge();
    }, lookAgain);
    while (!isStopped(stop.signal)) {
      poll.begin();
      const open = await discovery.look();
      for (const summary of open ?? []) ensureLoop(summary.host, stop.signal);
      await poll.rest(() => {
        lookedRound(open);
      });
    }
    watch.close();
    await Promise.all([...loops.values()].map(({ ended }) => ended));
    await Promise.all([discovery.idle(), silence?.idle()]);
    signal.removeEventListener('abort', wakeUp);
    rethrow(failure);
  }

  /**
   * A look at the store is a sign of life too, whatever it showed: a worker that waits for the store,
   * or whose hosts another one holds, is healthy. One whose turn never ends is not.
   */
  function lookedRound(open: readonly Summary[] | null): void {
    if ([...loops.values()].some(({ loop }) => loop.busyMs() > HUNG_MS)) return;
    const sentence =
      open === null
        ? 'the store cannot be read; waiting for it'
        : open.length === 0
          ? 'no host is marked'
          : `${String(open.length)} hosts have work left`;
    parts.onTurn?.({ host: null, sentence, evacuation: null });
  }

  async function once(): Promise<{ readonly active: number }> {
    const open = (await discovery.lookAndAsk()) ?? [];
    await silence?.idle();
    // A bug in one turn must not end the process while a request of another one is on its way.
    const turns = open.map(({ host }) =>
      newLoop(host)
        .once()
        .catch((error: unknown) => {
          broken(host, error);
        }),
    );
    await Promise.all(turns);
    rethrow(failure);
    const after = (await discovery.lookAndAsk()) ?? [];
    return { active: after.filter(isActive).length };
  }

  const untilSettled: Worker['untilSettled'] = (host, signal) =>
    settle({ ...parts, ...currently }, host, signal);

  function usePolicy(next: Policy): void {
    policy = next;
    for (const { loop } of loops.values()) loop.nudge();
  }

  return { run, once, untilSettled, usePolicy };
}

/** Works on one host alone, until it needs nobody or somebody else has it. */
async function settle(
  parts: HostLoopParts,
  host: HostName,
  signal: AbortSignal,
): Promise<'settled' | 'held-elsewhere' | 'aborted'> {
  const stop = new AbortController();
  const abort = (): void => {
    stop.abort();
    loop.nudge();
  };
  const loop = createHostLoop(
    {
      ...parts,
      onTurn: (turn) => {
        parts.onTurn?.(turn);
        if (turn.evacuation !== null && !isActive(turn.evacuation)) abort();
      },
    },
    host,
  );
  signal.addEventListener('abort', abort);
  const watch = parts.store.watch(
    (nudged) => {
      if (nudged === host) loop.nudge();
    },
    () => {
      loop.nudge();
    },
  );
  const end = await loop.run(stop.signal, 'leave-when-held');
  watch.close();
  signal.removeEventListener('abort', abort);
  if (end === 'held') return 'held-elsewhere';
  return isStopped(signal) ? 'aborted' : 'settled';
}

// A function, so that the type checker does not take an aborted signal for a constant.
const isStopped = (signal: AbortSignal): boolean => signal.aborted;

function rethrow(failure: { readonly error: unknown } | null): void {
  if (failure !== null) throw failure.error;
}
