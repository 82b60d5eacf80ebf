import { isActive } from '../../domain/evacuation.ts';
import type { EventId, HostName } from '../../domain/ids.ts';
import { wholeHost, type FenceProof } from '../../domain/mark.ts';
import { markHost } from '../../engine/mark-host.ts';
import { printable } from './columns.ts';
import { tell, type Io } from './io.ts';
import type { SwitchOff } from '../../engine/ports.ts';
import type { Parts } from './parts.ts';

/** What switches a host off, in words. */
const NAMES: Readonly<Record<SwitchOff['source'], string>> = {
  pacemaker: 'Pacemaker',
  power: 'the power agent',
};

/**
 * Those who can switch a host off; when nobody can, the reasons are said. Nothing is changed.
 */
export async function findSwitches(
  { switches }: Parts,
  io: Io,
  host: HostName,
): Promise<readonly SwitchOff[]> {
  const objections = await Promise.all(switches.map((one) => one.objection(host)));
  const able = switches.filter((_one, index) => objections[index] === null);
  if (able.length > 0) return able;
  const why = switches.map(
    ({ source }, index) => `${NAMES[source]}: ${objections[index] ?? 'no reason given'}`,
  );
  tell(
    io,
    printable(
      why.length === 0
        ? `nova-ha: nobody here can switch ${host} off: Pacemaker does not run here and no power agent is configured (power), or fence.proof believes neither.`
        : `nova-ha: nobody can switch ${host} off. ${why.join('. ')}.`,
    ),
  );
  return [];
}

/**
 * Switches a marked host off through the first one that can, and adds the proof to its mark; false when
 * it may still be on. The mark stands in any case: an off that was slow is proven later, by the worker.
 */
export async function fenceMarked(
  parts: Parts,
  io: Io,
  marked: {
    readonly host: HostName;
    readonly event: EventId;
    readonly by: string;
    readonly through: readonly SwitchOff[];
  },
): Promise<boolean> {
  const { host, through } = marked;
  for (const one of through) {
    const { source } = one;
    tell(io, `Switching ${host} off through ${NAMES[source]} …`);
    const outcome = await one.off(host);
    if (outcome.kind === 'applied') {
      tell(io, `${host} is off (${outcome.value.detail}).`);
      await addProof(parts, io, marked, outcome.value);
      return true;
    }
    const why = outcome.kind === 'refused' ? outcome.refusal.message : outcome.why;
    const doubt = outcome.kind === 'refused' ? 'was not switched off' : 'may still be on';
    tell(io, printable(`nova-ha: ${host} ${doubt}: ${why}`));
  }
  tell(
    io,
    `The mark stands: ${host} is evacuated once it is proven off. If it must not be: nova-ha unmark ${host}`,
  );
  return false;
}

/** For workers that cannot ask for a proof themselves, such as those in a container. */
async function addProof(
  parts: Parts,
  io: Io,
  { host, event, by }: { readonly host: HostName; readonly event: EventId; readonly by: string },
  proof: FenceProof,
): Promise<void> {
  const stored = await parts.store.read(host);
  const record = stored.kind === 'known' ? stored.value?.evacuation : undefined;
  // A worker was quicker: marking the host once more would begin a new evacuation.
  if (record !== undefined && (record.mark.event !== event || !isActive(record))) return;
  const request = record?.mark.request ?? wholeHost;
  const outcome = await markHost(parts, { host, by, origin: 'operator', claim: proof, request });
  if (outcome.kind === 'applied') return;
  const why = outcome.kind === 'refused' ? outcome.refusal.message : outcome.why;
  tell(
    io,
    printable(
      `nova-ha: the proof could not be added to the mark (${why}); the worker asks for one itself.`,
    ),
  );
}
