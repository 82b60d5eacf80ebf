import type { Evacuation } from '../../domain/evacuation.ts';
import { hostNameProblem, type HostName, type WorkerId } from '../../domain/ids.ts';
import { known, type Known } from '../../domain/known.ts';
import { applied, refused, type WriteOutcome } from '../../domain/outcome.ts';
import { summaryOf, type Summary } from '../../domain/summary.ts';
import { EMPTY_BOARD } from '../../domain/switchboard.ts';
import type { Instant, Millis } from '../../domain/time.ts';
import type { Expectation, HistoryEntry, LeaseGrant, Store, Stored } from '../../engine/ports.ts';
import { staleBoard } from './board-codec.ts';

/** Where the store gets the time from: leases expire by the monotonic clock, answers carry the wall's. */
export interface MemoryClock {
  now(): Instant;
  monotonicMs(): Millis;
}

interface Cell {
  version: number;
  epoch: number;
  evacuation: Evacuation | null;
  summary: Summary | null;
  lease: { readonly by: WorkerId; readonly until: Millis } | null;
}

/**
 * The store in this process' memory: the reference that the others are judged by, for simulation, tests and
 * the demonstration. Everything happens inside the call, without timers, so that a simulation repeats
 * itself. Nudges are called back at once; of the changes, those by writers without a lease are told
 * (marks and commands: a worker need not be woken by its own writes).
 */
export function createMemoryStore(options: {
  readonly clock: MemoryClock;
  /** How many lines of history are kept. */
  readonly historyLimit?: number;
}): Store {
  const { clock, historyLimit = 10_000 } = options;
  const cells = new Map<HostName, Cell>();
  const watchers = new Set<(host: HostName) => void>();
  const history = createHistory(historyLimit);
  let board = EMPTY_BOARD;

  const answer = <T>(value: T): Promise<Known<T>> => Promise.resolve(known(value, clock.now()));
  const tell = (host: HostName): void => {
    for (const watcher of [...watchers]) watcher(host);
  };

  return {
    capability: 'linearizable',
    description: 'the memory of this process',
    list: () => answer([...cells.values()].flatMap(({ summary }) => summary ?? [])),
    read: (host) => answer(storedOf(cells.get(host))),
    write: (expectation, evacuation) => {
      const outcome = writeTo(cellOf(cells, evacuation.host), expectation, evacuation);
      if (outcome.kind === 'applied' && expectation.epoch === null) tell(evacuation.host);
      return Promise.resolve(outcome);
    },
    lease: (host, worker, ttlMs) =>
      answer(leaseOf(cellOf(cells, host), worker, { now: clock.monotonicMs(), ttlMs })),
    release: (host, worker) => {
      const cell = cells.get(host);
      if (cell?.lease?.by === worker) cell.lease = null;
      return Promise.resolve();
    },
    nudge: (host) => {
      tell(host);
      return Promise.resolve();
    },
    watch: (onNudge) => {
      // A fresh function for each call, so that one callback may watch twice and close each on its own.
      const watcher = (host: HostName): void => {
        onNudge(host);
      };
      watchers.add(watcher);
      return { close: () => void watchers.delete(watcher) };
    },
    append: (entries) => {
      history.append(entries);
      return Promise.resolve();
    },
    history: (filter) => answer(history.newest(filter)),
    switchboard: () => answer(board),
    setSwitchboard: (version, { switches, silent }) => {
      if (version !== board.version) return Promise.resolve(staleBoard(board.version, version));
      board = { version: version + 1, switches, silent };
      return Promise.resolve(applied({ version: board.version }));
    },
    check: () => Promise.resolve(null),
    close: () => {
      watchers.clear();
      return Promise.resolve();
    },
  };
}

interface History {
  append(entries: readonly HistoryEntry[]): void;
  newest(filter: { readonly host?: HostName; readonly limit: number }): readonly HistoryEntry[];
}

function createHistory(kept: number): History {
  let lines: HistoryEntry[] = [];
  return {
    append: (entries) => {
      lines.push(...entries);
      // Cut rarely: copying the whole list for each line would cost more than the memory.
      if (lines.length > kept * 2) lines = lines.slice(-kept);
    },
    newest: ({ host, limit }) =>
      lines
        .slice(-kept)
        .filter((line) => host === undefined || line.host === host)
        .reverse()
        .slice(0, limit),
  };
}

const emptyCell = (): Cell => ({
  version: 0,
  epoch: 0,
  evacuation: null,
  summary: null,
  lease: null,
});

function cellOf(cells: Map<HostName, Cell>, host: HostName): Cell {
  const cell = cells.get(host) ?? emptyCell();
  cells.set(host, cell);
  return cell;
}

function storedOf(cell: Cell | undefined): Stored | null {
  if (cell === undefined || cell.evacuation === null) return null;
  return { version: cell.version, epoch: cell.epoch, evacuation: cell.evacuation };
}

function writeTo(
  cell: Cell,
  expectation: Expectation,
  evacuation: Evacuation,
): WriteOutcome<{ readonly version: number }> {
  const problem = hostNameProblem(evacuation.host);
  if (problem !== null) return refused('bad-request', problem);
  if (expectation.version !== cell.version) {
    return refused(
      'wrong-state',
      `the record of ${evacuation.host} is at version ${String(cell.version)}, not ${String(expectation.version)}`,
    );
  }
  if (expectation.epoch !== null && expectation.epoch !== cell.epoch) {
    return refused(
      'wrong-state',
      `the lease on ${evacuation.host} has passed on: epoch ${String(cell.epoch)}, not ${String(expectation.epoch)}`,
    );
  }
  cell.version += 1;
  cell.evacuation = evacuation;
  cell.summary = summaryOf(evacuation);
  return applied({ version: cell.version });
}

function leaseOf(
  cell: Cell,
  worker: WorkerId,
  time: { readonly now: Millis; readonly ttlMs: Millis },
): LeaseGrant {
  const live = cell.lease !== null && time.now < cell.lease.until ? cell.lease : null;
  if (live !== null && live.by !== worker) return { kind: 'held', by: live.by };
  // An expired lease is a new one even for its last holder: somebody may have worked in between.
  if (live === null) cell.epoch += 1;
  cell.lease = { by: worker, until: time.now + time.ttlMs };
  return { kind: 'granted', epoch: cell.epoch };
}
