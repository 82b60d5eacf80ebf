import type { HostName, WorkerId } from '../../domain/ids.ts';
import { known, unknown, type Known } from '../../domain/known.ts';
import type { Instant, Millis } from '../../domain/time.ts';
import type { LeaseGrant } from '../../engine/ports.ts';
import type { BootClock } from './boot-clock.ts';
import { FORMAT, parseJson, type Decoded } from './codec.ts';
import { newest, pathOf, type CommitTo } from './file-chain.ts';
import { decodeHeader, HEAD_LINES, noHeader, withEpoch } from './file-record.ts';
import { fileTrouble } from './file-trouble.ts';
import { nullable, number, object, text } from './shape.ts';

/** A lease as it lies in its own chain beside the records. */
interface Lease {
  readonly format: number;
  /** Null: given back. */
  readonly by: WorkerId | null;
  readonly epoch: number;
  readonly machine: string;
  readonly boot: string;
  /** By the monotonic clock of that boot. */
  readonly until: Millis;
  readonly ttlMs: Millis;
}

const leaseShape = object<Lease>({
  format: number,
  by: nullable(text<WorkerId>()),
  epoch: number,
  machine: text(),
  boot: text(),
  until: number,
  ttlMs: number,
});

/** Leases on hosts. */
export interface FileLeases {
  lease(host: HostName, worker: WorkerId, ttlMs: Millis): Promise<Known<LeaseGrant>>;
  release(host: HostName, worker: WorkerId): Promise<void>;
}

interface LeaseOptions {
  readonly commit: CommitTo;
  readonly bootClock: BootClock;
  readonly now: () => Instant;
  readonly leasesOf: (host: HostName) => string;
  readonly recordsOf: (host: HostName) => string;
}

/** How often a lost race is run again before we say that we do not know. */
const ATTEMPTS = 20;

/**
 * Leases as chains of version files, each change a compare-and-set. A new holder first takes the
 * lease and then lifts the epoch in the chain of records, so that whatever the last holder still
 * links there fails; only then is the lease granted.
 *
 * Expiry goes by the monotonic clock of the boot, so that setting the wall clock neither ends nor
 * prolongs a lease. A lease of another boot of this machine died with it. One of another machine
 * (a shared directory) counts as expired after we have seen it unchanged for its whole length.
 */
export function createFileLeases(options: LeaseOptions): FileLeases {
  const { commit, leasesOf } = options;
  const isLive = createLiveness(options.bootClock);
  return {
    lease: async (host, worker, ttlMs) => {
      try {
        for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
          const answer = await take({ ...options, isLive }, { host, worker, ttlMs });
          if (answer !== 'taken') return answer;
        }
        return unknown(`the lease on ${host} is fought over: no turn in ${String(ATTEMPTS)} tries`);
      } catch (error) {
        return unknown(fileTrouble(leasesOf(host), error));
      }
    },
    release: async (host, worker) => {
      // Best effort: when it fails, the lease ends by itself.
      const last = await newest(leasesOf(host)).catch(() => null);
      const lease = last === null ? null : decodeLease(last.text);
      if (last === null || lease?.kind !== 'decoded' || lease.value.by !== worker) return;
      const { epoch } = lease.value;
      const text = encodeLease(options.bootClock, { by: null, epoch, ttlMs: 0 });
      await commit(leasesOf(host), last.number + 1, text);
    },
  };
}

type IsLive = (host: HostName, lease: Lease, number: number) => boolean;

function createLiveness(bootClock: BootClock): IsLive {
  const observed = new Map<HostName, { readonly number: number; readonly since: Millis }>();
  return (host, lease, number) => {
    if (lease.by === null) return false;
    const now = bootClock.monotonicMs();
    if (lease.boot === bootClock.boot) return now < lease.until;
    if (lease.machine === bootClock.machine) return false;
    const seen = observed.get(host);
    if (seen?.number === number) return now < seen.since + lease.ttlMs;
    observed.set(host, { number, since: now });
    return true;
  };
}

/** One try; `taken`: somebody else changed the lease meanwhile. Throws errno errors. */
async function take(
  options: LeaseOptions & { readonly isLive: IsLive },
  wish: { readonly host: HostName; readonly worker: WorkerId; readonly ttlMs: Millis },
): Promise<Known<LeaseGrant> | 'taken'> {
  const { commit, bootClock, isLive } = options;
  const { host, worker, ttlMs } = wish;
  const directory = options.leasesOf(host);
  const records = options.recordsOf(host);
  const last = await newest(directory);
  const number = last?.number ?? 0;
  const lease = last === null ? null : decodeLease(last.text);
  if (lease?.kind === 'damaged') return damagedLease(pathOf(directory, number), lease.problem);
  const held = lease !== null && isLive(host, lease.value, number) ? lease.value : null;
  if (held?.by != null && held.by !== worker) {
    return known({ kind: 'held', by: held.by }, options.now());
  }
  const epoch = held?.epoch ?? (await nextEpoch(records, lease?.value.epoch ?? 0));
  const text = encodeLease(bootClock, { by: worker, epoch, ttlMs });
  const outcome = await commit(directory, number + 1, text);
  if (outcome.kind === 'taken') return 'taken';
  if (outcome.kind !== 'committed') return unknown(outcome.why);
  const problem = await liftEpoch({ commit, directory: records, epoch });
  return problem === null ? known({ kind: 'granted', epoch }, options.now()) : unknown(problem);
}

function encodeLease(
  { machine, boot, monotonicMs }: BootClock,
  lease: Pick<Lease, 'by' | 'epoch' | 'ttlMs'>,
): string {
  const until = monotonicMs() + lease.ttlMs;
  return JSON.stringify({ format: FORMAT, ...lease, machine, boot, until });
}

/** The epoch of a new holder: above every one that was given out, even if the leases were wiped. */
async function nextEpoch(records: string, last: number): Promise<number> {
  const record = await newest(records, HEAD_LINES);
  const header = record === null ? null : decodeHeader(record.text);
  return Math.max(last, header?.kind === 'decoded' ? header.value.epoch : 0) + 1;
}

/** Brings the epoch of the newest record up to `epoch`; null when that is done, else why not. */
async function liftEpoch(options: {
  readonly commit: CommitTo;
  readonly directory: string;
  readonly epoch: number;
}): Promise<string | null> {
  const { commit, directory, epoch } = options;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const top = await newest(directory, 1);
    const header = top === null ? null : decodeHeader(top.text);
    if (header?.kind === 'decoded' && header.value.epoch === epoch) return null;
    const record = await newest(directory);
    const decoded = record === null ? null : decodeHeader(record.text);
    if (decoded?.kind === 'damaged') {
      return `${pathOf(directory, record?.number ?? 0)} is damaged: ${decoded.problem}`;
    }
    const last = decoded?.value ?? noHeader;
    if (last.epoch > epoch) return 'the lease has passed on meanwhile';
    const text = withEpoch(last, record?.text ?? '', epoch);
    const outcome = await commit(directory, (record?.number ?? 0) + 1, text);
    if (outcome.kind === 'committed') return null;
    if (outcome.kind !== 'taken') return outcome.why;
  }
  return `${directory}: other writers were faster ${String(ATTEMPTS)} times`;
}

function decodeLease(content: string): Decoded<Lease> {
  const parsed = parseJson(content);
  if (parsed.kind === 'damaged') return parsed;
  const problem = leaseShape(parsed.value);
  return problem === null
    ? { kind: 'decoded', value: parsed.value as Lease }
    : { kind: 'damaged', problem: `the lease${problem}` };
}

const damagedLease = (path: string, problem: string): ReturnType<typeof unknown> =>
  unknown(
    `the lease in ${path} is damaged: ${problem}; stop the workers, remove that file and start them`,
  );
