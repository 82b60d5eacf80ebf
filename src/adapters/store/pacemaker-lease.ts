import type { HostName, WorkerId } from '../../domain/ids.ts';
import { known, unknown, type Known } from '../../domain/known.ts';
import type { WriteOutcome } from '../../domain/outcome.ts';
import type { Millis } from '../../domain/time.ts';
import type { Clock, LeaseGrant, Store, Stored } from '../../engine/ports.ts';
import type { WorkerClaim } from './pacemaker-claim.ts';
import { coreOf, encodeEntry, restarted, type Entry } from './pacemaker-entry.ts';
import { firstOffset, joined } from './pacemaker-numbers.ts';
import type { SharedTable } from './pacemaker-ports.ts';

/**
 * Leases of the pacemaker store: the file store keeps the processes of one machine apart, the claim
 * those of different machines. A lease on a record that another machine kept makes this machine
 * its keeper under a higher epoch, so that whatever the former keeper still writes is refused.
 */
export function createKeeperLeases(deps: {
  readonly table: SharedTable;
  readonly files: Store;
  readonly keeper: string;
  readonly claim: WorkerClaim;
  readonly clock: Clock;
  readonly rowOf: (
    texts: ReadonlyMap<string, string>,
    host: HostName,
  ) => Known<{ readonly entry: Entry; readonly text: string } | null>;
}): Pick<Store, 'lease' | 'release'> {
  const { table, files, keeper, claim, clock, rowOf } = deps;
  const held = new Set<HostName>();

  const granted = async (host: HostName, fileEpoch: number): Promise<Known<LeaseGrant>> => {
    const texts = await table.read();
    if (texts.kind === 'unknown') return texts;
    const row = rowOf(texts.value, host);
    if (row.kind === 'unknown') return row;
    held.add(host);
    const grant = (epoch: number): Known<LeaseGrant> =>
      known({ kind: 'granted', epoch: joined(epoch, fileEpoch) }, texts.at);
    if (row.value === null) return grant(0);
    const { entry, text } = row.value;
    const file = await files.read(host);
    if (file.kind === 'unknown') return file;
    // Also when our own file was lost: then there is no record that carries the epoch of the lease.
    if (entry.keeper === keeper && file.value !== null) return grant(entry.epoch);
    const taken = await takeOver(host, entry, { text, file: file.value, fileEpoch });
    return taken.kind === 'applied' ? grant(epochAfter(entry)) : unknown(whyNot(host, taken));
  };

  const takeOver = async (
    host: HostName,
    entry: Entry,
    by: { readonly text: string; readonly file: Stored | null; readonly fileEpoch: number },
  ): Promise<WriteOutcome<unknown>> => {
    const evacuation = restarted(entry.core, clock.now());
    // First our file: what it still holds is from an earlier time as keeper, and must not be believed.
    const version = by.file?.version ?? 0;
    const cleared = await files.write({ version, epoch: by.fileEpoch }, evacuation);
    if (cleared.kind !== 'applied') return cleared;
    const next: Entry = {
      version: entry.version + 1,
      offset: firstOffset(entry, cleared.value.version),
      epoch: epochAfter(entry),
      keeper,
      foreign: false,
      core: coreOf(evacuation),
    };
    return table.swap(host, by.text, encodeEntry(next));
  };

  return {
    lease: async (host: HostName, worker: WorkerId, ttlMs: Millis) => {
      const other = await claim.hold(worker);
      if (other.kind === 'unknown') return other;
      if (other.value !== null) return known({ kind: 'held', by: other.value }, other.at);
      const local = await files.lease(host, worker, ttlMs);
      if (local.kind === 'unknown' || local.value.kind === 'held') return local;
      return granted(host, local.value.epoch);
    },
    release: async (host: HostName, worker: WorkerId) => {
      held.delete(host);
      await files.release(host, worker);
      if (held.size === 0) await claim.drop(worker);
    },
  };
}

// A record that nobody has kept yet has no former keeper to be shut out.
const epochAfter = ({ keeper, epoch }: Entry): number => (keeper === null ? epoch : epoch + 1);

const whyNot = (
  host: HostName,
  outcome: Exclude<WriteOutcome<unknown>, { kind: 'applied' }>,
): string =>
  `the record of ${host} could not be taken over: ${
    outcome.kind === 'refused' ? outcome.refusal.message : outcome.why
  }`;
