import { matchesGlob } from './glob.ts';
import type { InstanceId } from './ids.ts';
import type { Instance } from './instance.ts';
import type { Policy } from './policy.ts';
import { because, type Reason } from './reason.ts';
import { formatMillis, type Instant, type Millis } from './time.ts';

/** An image of Glance, as far as it may be a snapshot of an instance. */
export interface Snapshot {
  readonly id: string;
  readonly name: string;
  /** The project that owns it. */
  readonly owner: string;
  readonly createdAt: Instant;
  /** Property `instance_uuid`, which Nova gives to the snapshots and backups that it makes. */
  readonly instance: InstanceId | null;
  /** Property `image_type`: `snapshot` or `backup` when Nova made it. */
  readonly imageType: string | null;
  readonly minDiskGib: number;
}

/** What Glance has of them, as of when it was asked: ages count from there. */
export interface Snapshots {
  readonly at: Instant;
  readonly images: readonly Snapshot[];
}

/** The snapshot from which an instance is recreated on its new host. */
export interface Restore {
  readonly image: string;
  readonly name: string;
  readonly takenAt: Instant;
  /** The image that the evacuation itself rebuilds it from; any other one on it is somebody's doing. */
  readonly from: string | null;
}

/** Nothing was asked of Glance, since no rule needs it. */
export const NO_SNAPSHOTS: Snapshots = { at: 0, images: [] };

/** What an evacuation does to the root disk. */
export type DiskVerdict =
  | { readonly kind: 'kept' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'restored'; readonly restore: Restore }
  | { readonly kind: 'skip'; readonly why: Reason };

/**
 * How old snapshots may be to say what becomes of instances, the profiles' included; null: none is
 * needed. Twice the limit, so that one that is a little too old can be named.
 */
export function snapshotsFor(policies: readonly Policy[]): Millis | null {
  const limits = policies
    .filter(({ storage }) => storage.kind === 'local' && storage.localDisk === 'restore')
    .map(({ storage }) => storage.snapshotMaxAgeMs);
  return limits.length === 0 ? null : 2 * Math.max(...limits);
}

/**
 * What becomes of the root disk. A volume and shared storage keep it; on a local disk Nova rebuilds it
 * from its image, silently (nova/virt/libvirt, `instance_on_disk`): then the policy decides.
 */
export function diskVerdict(instance: Instance, snapshots: Snapshots, policy: Policy): DiskVerdict {
  const { storage } = policy;
  if (storage.kind !== 'local' || !instance.imageBacked) return { kind: 'kept' };
  const { id } = instance;
  if (storage.localDisk === 'skip') return { kind: 'skip', why: because('NH305', { id }) };
  if (storage.localDisk === 'rebuild') return { kind: 'lost' };
  const newest = newestSnapshot(instance, snapshots.images, policy);
  const limit = formatMillis(storage.snapshotMaxAgeMs);
  if (newest === null) return { kind: 'skip', why: because('NH328', { id, limit }) };
  const age = snapshots.at - newest.createdAt;
  if (age > storage.snapshotMaxAgeMs) {
    const { name, id: image } = newest;
    const why = because('NH329', { id, name, image, age: formatMillis(age), limit });
    return { kind: 'skip', why };
  }
  const { id: image, name, createdAt: takenAt } = newest;
  return { kind: 'restored', restore: { image, name, takenAt, from: instance.imageId } };
}

/** The newest image that holds this instance's disk. */
function newestSnapshot(
  instance: Instance,
  snapshots: readonly Snapshot[],
  policy: Policy,
): Snapshot | null {
  return snapshots
    .filter((snapshot) => isOf(snapshot, instance, policy))
    .reduce<Snapshot | null>(
      (best, one) => (best === null || one.createdAt > best.createdAt ? one : best),
      null,
    );
}

const NOVAS_OWN: ReadonlySet<string> = new Set(['snapshot', 'backup']);

/**
 * Whether an image is a snapshot of an instance: by Nova's own properties, or by a name that the policy
 * gives to the images of a backup tool. It must belong to the same project: names and properties are
 * anybody's to choose, and nobody may put an image of his under another project's instance.
 */
function isOf(snapshot: Snapshot, instance: Instance, { storage }: Policy): boolean {
  if (snapshot.owner !== instance.projectId) return false;
  if (snapshot.minDiskGib > instance.flavor.diskGib) return false;
  if (snapshot.instance === instance.id && NOVAS_OWN.has(snapshot.imageType ?? '')) return true;
  return storage.snapshotNames.some((pattern) => isNamed(snapshot.name, pattern, instance));
}

/** Patterns name the instance by `{id}` or `{name}`; a name with wildcards of its own fits nothing. */
function isNamed(name: string, pattern: string, instance: Instance): boolean {
  if (pattern.includes('{name}') && /[*?]/.test(instance.name)) return false;
  const filled = pattern
    .replaceAll('{id}', () => instance.id)
    .replaceAll('{name}', () => instance.name);
  return matchesGlob(filled, name);
}

/** What is worth saying about the disks of an instance that is evacuated. */
export function notesOnDisk(
  instance: Instance,
  verdict: DiskVerdict,
  policy: Policy,
  at: Instant,
): readonly Reason[] {
  if (policy.storage.kind !== 'local') return [];
  const notes: Reason[] = [];
  if (verdict.kind === 'lost') notes.push(because('NH420'));
  if (verdict.kind === 'restored') notes.push(noteOnRestore(verdict.restore, at));
  const { ephemeralGib, swapMib } = instance.flavor;
  if (ephemeralGib > 0 || swapMib > 0) {
    const disks = [
      ...(ephemeralGib > 0 ? [`ephemeral disk (${String(ephemeralGib)} GiB)`] : []),
      ...(swapMib > 0 ? [`swap disk (${String(swapMib)} MiB)`] : []),
    ];
    notes.push(because('NH421', { disks: disks.join(' and ') }));
  }
  return notes;
}

/** Which snapshot, and how old it is. */
const noteOnRestore = ({ name, image, takenAt }: Restore, at: Instant): Reason =>
  because('NH422', { name, image, age: formatMillis(Math.max(0, at - takenAt)) });
