import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Evacuation } from '../../domain/evacuation.ts';
import { hostNameProblem, type HostName } from '../../domain/ids.ts';
import { known, unknown, type Known } from '../../domain/known.ts';
import { applied, refused, uncertain, type WriteOutcome } from '../../domain/outcome.ts';
import { sentenceOf } from '../../domain/reason.ts';
import { isUnreadable, unreadable, type Summary } from '../../domain/summary.ts';
import type { Instant } from '../../domain/time.ts';
import type { Expectation, Store, Stored } from '../../engine/ports.ts';
import { damageText } from './codec.ts';
import { createBootClock, type BootClock } from './boot-clock.ts';
import { createCommit, newest, newestNumber, pathOf, type CommitTo } from './file-chain.ts';
import { checkDirectory } from './file-check.ts';
import { createFileBoard } from './file-board.ts';
import { createFileHistory } from './file-history.ts';
import { createFileLeases } from './file-lease.ts';
import { createFileMemory, type FileMemory } from './file-memory.ts';
import { createFileNudges } from './file-nudges.ts';
import {
  decodeHead,
  decodeHeader,
  decodeVersion,
  encodeVersion,
  HEAD_LINES,
  noHeader,
} from './file-record.ts';
import { errnoOf, fileTrouble } from './file-trouble.ts';

/** Parameters of the file store. */
export interface FileStoreOptions {
  /** Made (0700) when it is missing; one machine's own, all processes under one user. */
  readonly directory: string;
  readonly clock: { now(): Instant };
  /** Takes what goes wrong in best-effort work (history, nudges): one sentence each. */
  readonly warn?: (sentence: string) => void;
  /** The clock of leases; another one is for tests. */
  readonly bootClock?: BootClock;
}

/**
 * The store in a directory: `hosts/<host>/records/<number>.json`, one file per version, committed by
 * link(2), synced together with its directory before a write is acknowledged. A crash at any
 * point leaves whole versions and at most a temporary file. See {@link createCommit} for the
 * compare-and-set and {@link createFileLeases} for leases.
 */
export function createFileStore(options: FileStoreOptions): Store {
  const { clock, warn = () => undefined, bootClock = createBootClock() } = options;
  const root = resolve(options.directory);
  const hosts = join(root, 'hosts');
  const recordsOf = (host: HostName): string => join(hosts, host, 'records');
  const leasesOf = (host: HostName): string => join(hosts, host, 'leases');
  const now = (): Instant => clock.now();
  const commit = createCommit({ root, now });
  const leases = createFileLeases({ commit, bootClock, now, leasesOf, recordsOf });
  const history = createFileHistory(root);
  const memory = createFileMemory();
  const nudges = createFileNudges({ directory: join(root, 'nudges'), warn });

  const bestEffort = async (path: string, work: Promise<void>): Promise<void> => {
    await work.catch((error: unknown) => {
      warn(fileTrouble(path, error));
    });
  };
  const guarded = async <T>(path: string, read: () => Promise<Known<T>>): Promise<Known<T>> => {
    try {
      return await read();
    } catch (error) {
      return unknown(fileTrouble(path, error));
    }
  };

  return {
    capability: 'linearizable',
    description: `the directory ${root}`,
    list: () => guarded(hosts, () => listOf(hosts, recordsOf, now)),
    read: (host) => guarded(recordsOf(host), () => readOf(host, recordsOf(host), memory, now)),
    write: async (expectation, evacuation) => {
      const outcome = await writeTo({
        directory: recordsOf(evacuation.host),
        memory,
        commit,
        expectation,
        evacuation,
      });
      if (outcome.kind === 'applied') {
        await bestEffort(root, nudges.send(evacuation.host, 'others'));
      }
      return outcome;
    },
    lease: (host, worker, ttlMs) => leases.lease(host, worker, ttlMs),
    release: (host, worker) => leases.release(host, worker),
    nudge: (host) => bestEffort(root, nudges.send(host, 'everybody')),
    // It stands at once: there is no gap.
    watch: (onNudge) => nudges.watch(onNudge),
    append: (entries) => bestEffort(root, history.append(entries)),
    history: (filter) => guarded(root, async () => known(await history.newest(filter), now())),
    ...createFileBoard({ root, commit, now }),
    check: async () => {
      const problem = await checkDirectory(root);
      if (problem !== null) return problem;
      await nudges.sweep(now());
      const list = await guarded(hosts, () => listOf(hosts, recordsOf, now));
      if (list.kind === 'unknown') return list.why;
      const bad = list.value.find(isUnreadable);
      return bad?.reasons[0] === undefined ? null : sentenceOf(bad.reasons[0]);
    },
    close: () => {
      nudges.close();
      return Promise.resolve();
    },
  };
}

/** What a reader can do about a damaged file. */
const mend = (host: HostName): string =>
  `stop the workers and move the directory of ${host} away; its mark is then rebuilt from Nova`;

async function listOf(
  hosts: string,
  recordsOf: (host: HostName) => string,
  now: () => Instant,
): Promise<Known<readonly Summary[]>> {
  const entries = await readdir(hosts).catch((error: unknown): string[] => {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  });
  const names = entries.filter((entry) => !entry.startsWith('.')).sort();
  const at = now();
  const summaries: (Summary | null)[] = [];
  // A few at a time: each is several short waits for the disk, and there may be a thousand of them.
  const queue = names.entries();
  const lane = async (): Promise<void> => {
    for (const [index, name] of queue) summaries[index] = await summaryIn(hosts, name, recordsOf);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return known(
    summaries.filter((summary) => summary !== null),
    at,
  );
}

/** How many hosts' files are read at a time: more than Node's threads for it gain nothing. */
const LANES = 8;

/** What is wrong with the files of one host, and does not come and go: no reason to hide the others. */
const OF_ONE_HOST = new Set(['EACCES', 'EPERM', 'ENOTDIR', 'ELOOP', 'EISDIR']);

async function summaryIn(
  hosts: string,
  name: string,
  recordsOf: (host: HostName) => string,
): Promise<Summary | null> {
  const host = name as HostName;
  if (hostNameProblem(name) !== null) {
    return unreadable(host, `${join(hosts, name)} is no directory of nova-ha: move it away`);
  }
  const top = await newest(recordsOf(host), HEAD_LINES).catch((error: unknown) => {
    if (!OF_ONE_HOST.has(errnoOf(error))) throw error;
    return fileTrouble(recordsOf(host), error);
  });
  if (top === null) return null;
  if (typeof top === 'string') return unreadable(host, top);
  const summary = decodeHead(top.text, host);
  if (summary.kind === 'decoded') return summary.value;
  const path = pathOf(recordsOf(host), top.number);
  return unreadable(host, damageText(path, summary, mend(host)));
}

async function readOf(
  host: HostName,
  directory: string,
  memory: FileMemory,
  now: () => Instant,
): Promise<Known<Stored | null>> {
  const at = now();
  const number = await newestNumber(directory);
  if (number === 0) return known(null, at);
  const recalled = await memory.recall(host, pathOf(directory, number)).catch(() => null);
  if (recalled !== null) return known(recalled, at);
  const top = await newest(directory);
  if (top === null) return known(null, at);
  const decoded = decodeVersion(top.text, host);
  if (decoded.kind === 'damaged') {
    return unknown(damageText(pathOf(directory, top.number), decoded, mend(host)));
  }
  const { header, evacuation } = decoded.value;
  if (evacuation === null) return known(null, at);
  const stored = { version: header.version, epoch: header.epoch, evacuation };
  await memory.remember(host, pathOf(directory, top.number), stored);
  return known(stored, at);
}

async function writeTo(options: {
  readonly directory: string;
  readonly memory: FileMemory;
  readonly commit: CommitTo;
  readonly expectation: Expectation;
  readonly evacuation: Evacuation;
}): Promise<WriteOutcome<{ readonly version: number }>> {
  const { directory, memory, commit, expectation, evacuation } = options;
  const { host } = evacuation;
  const problem = hostNameProblem(host);
  if (problem !== null) return refused('bad-request', problem);
  const top = await newest(directory, 1).catch((error: unknown) => fileTrouble(directory, error));
  if (typeof top === 'string') return refused('not-sent', top);
  const header = top === null ? null : decodeHeader(top.text);
  if (header?.kind === 'damaged') {
    const path = pathOf(directory, top?.number ?? 0);
    return refused('bad-request', damageText(path, header, mend(host)));
  }
  const { version, epoch } = header?.value ?? noHeader;
  if (version !== expectation.version) {
    return refused(
      'wrong-state',
      `the record of ${host} is at version ${String(version)}, not ${String(expectation.version)}`,
    );
  }
  if (expectation.epoch !== null && expectation.epoch !== epoch) {
    return refused(
      'wrong-state',
      `the lease on ${host} has passed on: epoch ${String(epoch)}, not ${String(expectation.epoch)}`,
    );
  }
  const text = encodeVersion({ version: version + 1, epoch }, evacuation);
  const number = (top?.number ?? 0) + 1;
  const outcome = await commit(directory, number, text);
  switch (outcome.kind) {
    case 'committed':
      await memory.remember(host, pathOf(directory, number), {
        version: version + 1,
        epoch,
        evacuation,
      });
      return applied({ version: version + 1 });
    case 'taken':
      return refused('wrong-state', `another writer of ${host} was faster`);
    case 'failed':
      return refused('not-sent', outcome.why);
    case 'uncertain':
      return uncertain(outcome.why);
  }
}
