import { isActive } from '../../domain/evacuation.ts';
import type { Instant } from '../../domain/time.ts';
import type { Entry } from './pacemaker-entry.ts';
import type { NodeAttributes } from './pacemaker-ports.ts';

/** The attribute by which fence_compute and NovaEvacuate have always talked to each other. */
export const CLASSIC = 'evacuate';

/** The values of the classic attribute, as old tools and operators read them. */
export const classicValue = {
  marked: 'yes',
  /** `worker@epoch-seconds`: an evacuation is under way. */
  underWay: (node: string, since: Instant): string => `${node}@${String(Math.floor(since / 1000))}`,
  done: 'no',
} as const;

const UNDER_WAY = /^.+@\d+$/;

/**
 * What the classic attribute of a host should say, or null when it is well as it is. A `yes` for a
 * host that is not being evacuated is never overwritten: it is the report of a fence_compute that
 * nobody has taken up yet. An empty one was erased by Pacemaker, and means the same as `no`.
 */
export function classicCorrection(
  entry: Pick<Entry, 'core'>,
  current: string | undefined,
  node: string,
): string | null {
  const { core } = entry;
  if (isActive(core)) {
    if (current !== undefined && UNDER_WAY.test(current)) return null;
    return classicValue.underWay(node, core.phaseSince);
  }
  return current !== undefined && UNDER_WAY.test(current) ? classicValue.done : null;
}

/** Brings the classic attributes of the hosts that this machine keeps up to date; best effort. */
export async function tendClassic(deps: {
  readonly attributes: NodeAttributes;
  readonly entries: ReadonlyMap<string, Entry>;
  readonly keeper: string;
}): Promise<void> {
  const { attributes, entries, keeper } = deps;
  const ours = [...entries].filter(([, entry]) => entry.keeper === keeper);
  if (ours.length === 0) return;
  const [current, here] = await Promise.all([attributes.all(CLASSIC), attributes.here()]);
  if (current.kind === 'unknown' || here.kind === 'unknown') return;
  for (const [host, entry] of ours) {
    const value = classicCorrection(entry, current.value.get(host), here.value.node);
    if (value !== null) await attributes.set(CLASSIC, value, host);
  }
}
