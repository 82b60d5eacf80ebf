import { isActive, type Evacuation } from '../../domain/evacuation.ts';
import { asHost, hostNameProblem, type HostName } from '../../domain/ids.ts';
import { known, unknown, type Known } from '../../domain/known.ts';
import { applied, refused, type WriteOutcome } from '../../domain/outcome.ts';
import { summaryOf, type Summary } from '../../domain/summary.ts';
import type { Millis } from '../../domain/time.ts';
import type { Clock, Expectation, Store, Stored } from '../../engine/ports.ts';
import { createWorkerClaim } from './pacemaker-claim.ts';
import {
  coreOf,
  decodeEntry,
  encodeEntry,
  presentedRecord,
  sameCore,
  type Entry,
} from './pacemaker-entry.ts';
import { createKeeperLeases } from './pacemaker-lease.ts';
import { CLASSIC, classicValue } from './pacemaker-mirror.ts';
import { joined, split } from './pacemaker-numbers.ts';
import type { NodeAttributes, SharedTable } from './pacemaker-ports.ts';
import { watchTable } from './pacemaker-watch.ts';

/** Parameters of the pacemaker store. */
export interface PacemakerStoreOptions {
  /** Where the marks are: a set of our own in the CIB. */
  readonly table: SharedTable;
  /** The classic attribute `evacuate`, and who works. */
  readonly attributes: NodeAttributes;
  /** The file store of this machine, for progress, leases and history. */
  readonly files: Store;
  /** The name of that file store, from `keeperOf`. */
  readonly keeper: string;
  readonly clock: Clock;
  /** Pause between two looks at the table while it is watched. */
  readonly pollMs?: Millis;
}

/** An entry with the text it was read from. */
interface Row {
  readonly entry: Entry;
  readonly text: string;
}

/** Everything about one host: what the cluster says, and this machine's file. */
interface Look {
  readonly row: Row | null;
  readonly file: Stored | null;
}

/**
 * The store for a Pacemaker cluster without Redis. Marks and the core of each record are in the CIB:
 * any controller can write them, by compare-and-set, and they survive what Pacemaker does to
 * the attributes of a remote node. Progress per instance is in the file store of the controller whose
 * worker keeps the record; another one takes over by its lease, and takes the inventory anew.
 * `single-writer`: that only one worker runs is guaranteed by the Pacemaker resource; a second one on
 * another controller is refused its leases, see {@link createWorkerClaim}.
 */
export function createPacemakerStore(options: PacemakerStoreOptions): Store {
  const { table, attributes, files, keeper, clock, pollMs = 1000 } = options;
  const claim = createWorkerClaim({ attributes, clock });
  const leases = createKeeperLeases({ table, files, keeper, claim, rowOf });

  const look = async (host: HostName): Promise<Known<Look>> => {
    const [texts, file] = await Promise.all([table.read(), files.read(host)]);
    if (texts.kind === 'unknown') return texts;
    const row = rowOf(texts.value, host);
    if (row.kind === 'unknown') return row;
    const isKeeper = row.value === null || row.value.entry.keeper === keeper;
    // What another machine's worker left in our files concerns nobody.
    if (!isKeeper) return known({ row: row.value, file: null }, texts.at);
    if (file.kind === 'unknown') return file;
    return known({ row: row.value, file: file.value }, texts.at);
  };

  const swap = async (
    host: HostName,
    row: Row | null,
    evacuation: Evacuation,
    leased: boolean,
  ): Promise<WriteOutcome<Entry>> => {
    const entry: Entry = {
      version: (row?.entry.version ?? 0) + 1,
      epoch: row?.entry.epoch ?? 0,
      keeper: row?.entry.keeper ?? (leased ? keeper : null),
      core: coreOf(evacuation),
    };
    // First the attribute, then the mark: a `yes` that is alone is a mark as well, see `adopt`.
    if (!leased && isReport(row, evacuation))
      await attributes.set(CLASSIC, classicValue.marked, host);
    const outcome = await table.swap(host, row?.text ?? null, encodeEntry(entry));
    if (outcome.kind !== 'applied') return outcome;
    const ended = row !== null && isActive(row.entry.core) && !isActive(evacuation);
    if (leased && ended) await attributes.set(CLASSIC, classicValue.done, host);
    return applied(entry);
  };

  const write: Store['write'] = async (expectation, evacuation) => {
    const { host } = evacuation;
    const problem = hostNameProblem(host);
    if (problem !== null) return refused('bad-request', problem);
    const seen = await look(host);
    if (seen.kind === 'unknown') return refused('not-sent', seen.why);
    const { row, file } = seen.value;
    const stale = staleness(seen.value, expectation, keeper);
    if (stale !== null) return refused('wrong-state', `the record of ${host} ${stale}`);

    const leased = expectation.epoch !== null;
    const kept = row === null ? leased : row.entry.keeper === keeper;
    let fileVersion = kept ? (file?.version ?? 0) : 0;
    const inFile = kept && (leased || !progressUntouched(evacuation, file));
    if (inFile) {
      // The file first: a phase without its instances would look like work that is done.
      const epoch = expectation.epoch === null ? null : split(expectation.epoch).low;
      const outcome = await files.write({ version: fileVersion, epoch }, evacuation);
      if (outcome.kind !== 'applied') return outcome;
      fileVersion = outcome.value.version;
      if (row !== null && sameCore(row.entry.core, evacuation)) {
        return applied({ version: joined(row.entry.version, fileVersion) });
      }
    }
    const outcome = await swap(host, row, evacuation, leased);
    return outcome.kind === 'applied'
      ? applied({ version: joined(outcome.value.version, fileVersion) })
      : outcome;
  };

  return {
    capability: 'single-writer',
    description: `Pacemaker's configuration (set nova-ha), progress in ${files.description}`,
    list: () => listOf({ table, files, keeper }),
    read: async (host) => {
      const seen = await look(host);
      if (seen.kind === 'unknown') return seen;
      const { row, file } = seen.value;
      if (row === null) return known(null, seen.at);
      const evacuation = presentedRecord(row.entry, file?.evacuation ?? null, keeper);
      return known({ ...numbersOf(row.entry, file), evacuation }, seen.at);
    },
    write,
    lease: leases.lease,
    release: leases.release,
    nudge: (host) => files.nudge(host),
    watch: (onNudge) => watchTable({ table, attributes, files, keeper, clock, pollMs, onNudge }),
    append: (entries) => files.append(entries),
    history: (filter) => files.history(filter),
    check: async () => {
      const [texts, here, problem] = await Promise.all([
        table.read(),
        attributes.here(),
        files.check(),
      ]);
      if (problem !== null) return problem;
      if (texts.kind === 'unknown') return texts.why;
      if (here.kind === 'unknown') return here.why;
      return here.value.quorum
        ? null
        : `${here.value.node} is in a part of the cluster without quorum: nothing can be written; mend the network`;
    },
    close: () => files.close(),
  };
}

/** The decoded entry of a host; unknown when it is damaged. */
function rowOf(texts: ReadonlyMap<string, string>, host: HostName): Known<Row | null> {
  const text = texts.get(host);
  if (text === undefined) return known(null, 0);
  const decoded = decodeEntry(text, host);
  if (decoded.kind === 'decoded') return known({ entry: decoded.value, text }, 0);
  return unknown(
    `the entry mark-${host} in the set nova-ha of the CIB is damaged: ${decoded.problem}; look at it, then ` +
      `delete it (crm_attribute -t crm_config -s nova-ha -n mark-${host} -D) and mark ${host} again`,
  );
}

async function listOf(deps: {
  readonly table: SharedTable;
  readonly files: Store;
  readonly keeper: string;
}): Promise<Known<readonly Summary[]>> {
  const [texts, ours] = await Promise.all([deps.table.read(), deps.files.list()]);
  if (texts.kind === 'unknown') return texts;
  if (ours.kind === 'unknown') return ours;
  const summaries: Summary[] = [];
  for (const host of [...texts.value.keys()].sort()) {
    const row = rowOf(texts.value, asHost(host));
    if (row.kind === 'unknown') return row;
    if (row.value === null) continue;
    const { entry } = row.value;
    const core = summaryOf(entry.core);
    const file = ours.value.find((summary) => summary.host === host);
    const kept = entry.keeper === deps.keeper;
    if (kept && file?.event === core.event) {
      const { inFlight, towards, total, counts, reasons } = file;
      summaries.push({ ...core, inFlight, towards, total, counts, reasons });
    } else {
      summaries.push(kept && core.phase === 'evacuating' ? { ...core, phase: 'marked' } : core);
    }
  }
  return known(summaries, texts.at);
}

const numbersOf = (
  entry: Entry,
  file: Stored | null,
): { readonly version: number; readonly epoch: number } => ({
  version: joined(entry.version, file?.version ?? 0),
  epoch: joined(entry.epoch, file?.epoch ?? 0),
});

/** What has moved on since the writer's read, or null. */
function staleness({ row, file }: Look, expectation: Expectation, keeper: string): string | null {
  const version = row === null ? 0 : numbersOf(row.entry, file).version;
  if (version !== expectation.version) {
    return `is at version ${String(version)}, not ${String(expectation.version)}`;
  }
  if (expectation.epoch === null) return null;
  if (row !== null && row.entry.keeper !== keeper) return 'is kept by another controller';
  const { high } = split(expectation.epoch);
  return high === (row?.entry.epoch ?? 0) ? null : 'has a new keeper since the lease';
}

/** Whether a writer without lease leaves the progress in the file as it is (a mark, an isolation). */
function progressUntouched(evacuation: Evacuation, file: Stored | null): boolean {
  if (file?.evacuation.mark.event !== evacuation.mark.event) {
    return Object.keys(evacuation.instances).length === 0;
  }
  return JSON.stringify(file.evacuation.instances) === JSON.stringify(evacuation.instances);
}

/** Whether a write reports a failure (anew). */
const isReport = (row: Row | null, { mark, phase }: Evacuation): boolean =>
  (phase === 'marked' || phase === 'evacuating') &&
  (row === null || row.entry.core.mark.event !== mark.event || row.entry.core.mark.at !== mark.at);
