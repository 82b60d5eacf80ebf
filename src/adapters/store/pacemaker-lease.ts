import type { HostName, WorkerId } from '../../domain/ids.ts';
import { known, unknown, type Known } from '../../domain/known.ts';
import type { WriteOutcome } from '../../domain/outcome.ts';
import type { Millis } from '../../domain/time.ts';
import type { LeaseGrant, Store } from '../../engine/ports.ts';
import type { WorkerClaim } from './pacemaker-claim.ts';
import { coreOf, encodeEntry, restarted, type Entry } from './pacemaker-entry.ts';
import { joined } from './pacemaker-numbers.ts';
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
  readonly rowOf: (
    texts: ReadonlyMap<string, string>,
    host: HostName,
  ) => Known<{ readonly entry: Entry; readonly text: string } | null>;
}): Pick<Store, 'lease' | 'release'> {
  const { table, files, keeper, claim, rowOf } = deps;
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
    if (entry.keeper === keeper) return grant(entry.epoch);
    const taken = await takeOver(host, entry, { text, fileEpoch });
    return taken.kind === 'applied' ? grant(entry.epoch + 1) : unknown(whyNot(host, taken));
  };

  const takeOver = async (
    host: HostName,
    entry: Entry,
    { text, fileEpoch }: { readonly text: string; readonly fileEpoch: number },
  ): Promise<WriteOutcome<unknown>> => {
    const evacuation = restarted(entry.core);
    // First our file: what it still holds is from an earlier time as keeper, and must not be believed.
    const file = await files.read(host);
    if (file.kind === 'unknown') return { kind: 'uncertain', why: file.why };
    const version = file.value?.version ?? 0;
    const cleared = await files.write({ version, epoch: fileEpoch }, evacuation);
    if (cleared.kind !== 'applied') return cleared;
    const { version: entryVersion, epoch } = entry;
    const next = { version: entryVersion + 1, epoch: epoch + 1, keeper, core: coreOf(evacuation) };
    return table.swap(host, text, encodeEntry(next));
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

const whyNot = (
  host: HostName,
  outcome: Exclude<WriteOutcome<unknown>, { kind: 'applied' }>,
): string =>
  `the record of ${host} could not be taken over: ${
    outcome.kind === 'refused' ? outcome.refusal.message : outcome.why
  }`;
