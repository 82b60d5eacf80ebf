import type { Instance } from './instance.ts';
import type { Policy } from './policy.ts';
import type { Reason } from './reason.ts';
import { isKeptFromStarting, notesOnState, stateVerdict } from './states.ts';
import { diskVerdict, notesOnDisk, type Restore, type Snapshots } from './storage.ts';

/** What an evacuation needs besides itself, by the state of the instance and by where its data lies. */
export interface Treatment {
  /** Its state must be reset before. */
  readonly reset?: true;
  /** It ends stopped, although it would run. */
  readonly stop?: true;
  /** It is recreated from this snapshot afterwards. */
  readonly restore?: Restore;
  /** What is worth saying beforehand. */
  readonly notes?: readonly Reason[];
}

/** The treatment of an instance, or why it is left where it is. */
export type TreatmentOutcome =
  | { readonly kind: 'evacuate'; readonly treatment: Treatment }
  | { readonly kind: 'skip'; readonly why: Reason };

/** Decides by state first, then by disk; with nothing out of the ordinary the treatment is empty. */
export function treatmentOf(
  instance: Instance,
  snapshots: Snapshots,
  policy: Policy,
): TreatmentOutcome {
  const state = stateVerdict(instance, policy);
  if (state.kind === 'skip') return state;
  const disk = diskVerdict(instance, snapshots, policy);
  if (disk.kind === 'skip') return disk;
  const before = { projectId: instance.projectId, before: { vmState: instance.vmState } };
  const notes = [
    ...notesOnState(instance, policy),
    ...notesOnDisk(instance, disk, policy, snapshots.at),
  ];
  // What the evacuation itself builds from that very snapshot needs no second rebuild.
  const rebuilt = disk.kind === 'restored' && disk.restore.image !== instance.imageId;
  return {
    kind: 'evacuate',
    treatment: {
      ...(state.kind === 'reset' ? { reset: true } : {}),
      ...(isKeptFromStarting(before, policy) ? { stop: true } : {}),
      ...(rebuilt ? { restore: disk.restore } : {}),
      ...(notes.length > 0 ? { notes } : {}),
    },
  };
}
