import { isActive, type Evacuation } from '../../domain/evacuation.ts';
import { asHost, hostNameProblem, type HostName } from '../../domain/ids.ts';
import { known, unknown, type Known } from '../../domain/known.ts';
import { applied, refused, type WriteOutcome } from '../../domain/outcome.ts';
import { isUnreadable, summaryOf, unreadable, type Summary } from '../../domain/summary.ts';
import type { Millis } from '../../domain/time.ts';
import type { Clock, Expectation, Store, Stored } from '../../engine/ports.ts';
import { damageText } from './codec.ts';
import { createPacemakerBoard } from './pacemaker-board.ts';
import { createWorkerClaim } from './pacemaker-claim.ts';
import {
  coreOf,
  decodeEntry,
  encodeEntry,
  fileUntouched,
  presentedRecord,
  sameCore,
  type Entry,
} from './pacemaker-entry.ts';
import { createKeeperLeases } from './pacemaker-lease.ts';
import { CLASSIC, classicValue } from './pacemaker-mirror.ts';
import { firstOffset, numbersOf, split } from './pacemaker-numbers.ts';
import type { NodeAttributes, SharedTable } from './pacemaker-ports.ts';
import { watchTable } from './pacemaker-watch.ts';

/** Parameters of the pacemaker store. */
export interface PacemakerStoreOptions {
  /** Where the marks are: a set of our own in the CIB. */
  readonly table: SharedTable;
  /** Where the switches are: beside the marks, so that every controller sees them. */
  readonly switches: SharedTable;
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
  const leases = createKeeperLeases({ table, files, keeper, claim, clock, rowOf });

  const look = async (host: HostName): Promise<Known<Look>> => {
    const [texts, file] = await Promise.all([table.read(), files.read(host)]);
    if (texts.kind === 'unknown') return texts;
    const row = rowOf(texts.value, host);
    if (row.kind === 'unknown') return row;
    if (row.value === null) {
      // A first mark needs no file: it must not fail because this machine's disk does.
      return known({ row: null, file: file.kind === 'known' ? file.value : null }, texts.at);
    }
    // What another machine's worker left in our files concerns nobody.
    if (row.value.entry.keeper !== keeper) return known({ row: row.value, file: null }, texts.at);
    if (file.kind === 'unknown') return file;
    return known({ row: row.value, file: file.value }, texts.at);
  };

  /** Writes the entry; `file` is the keeper's file after the write, null for everybody else. */
  const swap = async (
    row: Row | null,
    evacuation: Evacuation,
    by: { readonly file: { readonly version: number } | null; readonly grown: boolean },
  ): Promise<WriteOutcome<Entry>> => {
    const before = row?.entry ?? null;
    const next: Entry = {
      version: (before?.version ?? 0) + 1,
      // A version of the file counts by itself; a write without one must count here.
      offset:
        before === null
          ? firstOffset(null, by.file?.version ?? 0)
          : before.offset + (by.grown ? 0 : 1),
      epoch: before?.epoch ?? 0,
      keeper: before === null ? (by.grown ? keeper : null) : before.keeper,
      foreign: before !== null && before.keeper !== null && before.keeper !== keeper,
      core: coreOf(evacuation),
    };
    const outcome = await table.swap(evacuation.host, row?.text ?? null, encodeEntry(next));
    return outcome.kind === 'applied' ? applied(next) : outcome;
  };

  const write: Store['write'] = async (expectation, evacuation) => {
    const { host } = evacuation;
    const problem = hostNameProblem(host);
    if (problem !== null) return refused('bad-request', problem);
    const seen = await look(host);
    if (seen.kind === 'unknown') return refused('not-sent', seen.why);
    const { row } = seen.value;
    const why = objection(seen.value, { expectation, evacuation, keeper });
    if (why !== null) return why;

    const leased = expectation.epoch !== null;
    const kept = row === null || row.entry.keeper === keeper;
    let { file }: { file: { readonly version: number } | null } = seen.value;
    const grown =
      kept && (leased || !fileUntouched(evacuation, seen.value.file?.evacuation ?? null));
    if (grown) {
      // The file first: a phase without its instances would look like work that is done.
      const epoch = expectation.epoch === null ? null : split(expectation.epoch).low;
      const outcome = await files.write({ version: file?.version ?? 0, epoch }, evacuation);
      if (outcome.kind !== 'applied') return outcome;
      file = outcome.value;
      if (row !== null && !row.entry.foreign && sameCore(row.entry.core, evacuation)) {
        return applied({ version: row.entry.offset + file.version });
      }
    }
    const outcome = await swap(row, evacuation, { file, grown });
    if (outcome.kind !== 'applied') return outcome;
    // Never before the mark: attributes are taken without quorum too, and a `yes` that is alone would
    // mark the host when the partition heals. One that is missing is put there by whoever watches.
    if (!leased && isReport(row, evacuation))
      await attributes.set(CLASSIC, classicValue.marked, host);
    if (leased && row !== null && isActive(row.entry.core) && !isActive(evacuation)) {
      await attributes.set(CLASSIC, classicValue.done, host);
    }
    if (!leased) await files.nudge(host);
    const stored = file === null ? null : { version: file.version, epoch: 0 };
    return applied({ version: numbersOf(outcome.value, stored, keeper).version });
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
      const evacuation = presentedRecord(row.entry, file?.evacuation ?? null, {
        keeper,
        now: clock.now(),
      });
      return known({ ...numbersOf(row.entry, file, keeper), evacuation }, seen.at);
    },
    write,
    lease: leases.lease,
    release: leases.release,
    nudge: (host) => files.nudge(host),
    watch: (onNudge, onGap) =>
      watchTable({ table, attributes, files, keeper, clock, pollMs, onNudge, onGap }),
    append: (entries) => files.append(entries),
    history: (filter) => files.history(filter),
    ...createPacemakerBoard(options.switches),
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
    damageText(
      `the entry mark-${host} in the set nova-ha of the CIB`,
      decoded,
      `look at it, then delete it (crm_attribute -t crm_config -s nova-ha -n mark-${host} -D) and mark ${host} again`,
    ),
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
    if (row.kind === 'unknown') {
      summaries.push(unreadable(asHost(host), row.why));
      continue;
    }
    if (row.value === null) continue;
    const { entry } = row.value;
    const core = summaryOf(entry.core);
    const file = ours.value.find((summary) => summary.host === host);
    const kept = entry.keeper === deps.keeper;
    if (kept && file !== undefined && isUnreadable(file)) {
      summaries.push(file);
    } else if (kept && file?.event === core.event) {
      // The file knows the instances, the cluster everything else.
      const { phase, phaseSince, markedAt, provenAt, isolated, excused } = core;
      summaries.push({ ...file, phase, phaseSince, markedAt, provenAt, isolated, excused });
    } else {
      summaries.push(kept && core.phase === 'evacuating' ? { ...core, phase: 'marked' } : core);
    }
  }
  return known(summaries, texts.at);
}

/** Why a write cannot be made, or null. */
function objection(
  { row, file }: Look,
  write: {
    readonly expectation: Expectation;
    readonly evacuation: Evacuation;
    readonly keeper: string;
  },
): WriteOutcome<never> | null {
  const { expectation, evacuation, keeper } = write;
  const stale = (what: string): WriteOutcome<never> =>
    refused('wrong-state', `the record of ${evacuation.host} ${what}`);
  const version = row === null ? 0 : numbersOf(row.entry, file, keeper).version;
  if (version !== expectation.version) {
    return stale(`is at version ${String(version)}, not ${String(expectation.version)}`);
  }
  const guest = row !== null && row.entry.keeper !== keeper;
  if (expectation.epoch !== null) {
    if (guest) return stale('is kept by another controller');
    const { high } = split(expectation.epoch);
    return high === (row?.entry.epoch ?? 0)
      ? null
      : stale('has had another keeper since the lease');
  }
  const elsewhere = guest ? keptElsewhere(row.entry, evacuation) : null;
  return elsewhere === null ? null : refused('forbidden', elsewhere);
}

/** Why a machine that does not know the progress may not make this write, or null when it may. */
function keptElsewhere({ keeper, core }: Entry, next: Evacuation): string | null {
  if (keeper === null) return null;
  const ends = isActive(core) && !isActive(next);
  if (!ends && Object.keys(next.instances).length === 0) return null;
  return `the progress of ${next.host} is kept on another controller (${keeper}): run the command there`;
}

/** Whether a write reports a failure (anew). */
const isReport = (row: Row | null, { mark, phase }: Evacuation): boolean =>
  (phase === 'marked' || phase === 'evacuating') &&
  (row === null || row.entry.core.mark.event !== mark.event || row.entry.core.mark.at !== mark.at);
