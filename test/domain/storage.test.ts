import { describe, expect, it } from 'vitest';
import type { Instance } from '../../src/domain/instance.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.ts';
import { sentenceOf } from '../../src/domain/reason.ts';
import { diskVerdict, snapshotsFor, type Snapshot } from '../../src/domain/storage.ts';
import { treatmentOf } from '../../src/domain/treatment.ts';
import { instance, T0, VM, vm } from '../support/domain.ts';

const HOUR = 3_600_000;
const storage = (change: Partial<Policy['storage']>): Policy => ({
  ...DEFAULT_POLICY,
  storage: { ...DEFAULT_POLICY.storage, kind: 'local', localDisk: 'restore', ...change },
});
const RESTORE = storage({});
const snapshot = (change: Partial<Snapshot> = {}): Snapshot => ({
  id: 'snap',
  name: 'nightly',
  owner: 'p1',
  createdAt: T0 - HOUR,
  instance: VM,
  imageType: 'snapshot',
  minDiskGib: 1,
  ...change,
});

/** What becomes of the disk, in a word: the image it is recreated from, or the code it is left for. */
const fate = (
  images: readonly Snapshot[],
  policy = RESTORE,
  change: Partial<Instance> = {},
): string => {
  const verdict = diskVerdict(instance(VM, change), { at: T0, images }, policy);
  if (verdict.kind === 'restored') return verdict.restore.image;
  return verdict.kind === 'skip' ? verdict.why.code : verdict.kind;
};

describe('the root disk', () => {
  it.each([
    ['shared', {}, 'kept'],
    ['rbd', {}, 'kept'],
    ['local', {}, 'snap'],
    ['local', { imageBacked: false }, 'kept'],
  ] as const)('on %s storage with %j', (kind, change, expected) => {
    expect(fate([snapshot()], storage({ kind }), change)).toBe(expected);
  });

  it('on a local disk is left, lost or restored as the policy says', () => {
    expect(fate([snapshot()], storage({ localDisk: 'skip' }))).toBe('NH305');
    expect(fate([snapshot()], storage({ localDisk: 'rebuild' }))).toBe('lost');
    expect(fate([snapshot()])).toBe('snap');
  });

  it('asks Glance only where that can matter', () => {
    expect(snapshotsFor([DEFAULT_POLICY])).toBe(null);
    expect(snapshotsFor([storage({ kind: 'shared' })])).toBe(null);
    expect(snapshotsFor([storage({ localDisk: 'rebuild' })])).toBe(null);
    // One that is a little too old shall be named, and one profile may be more patient than others.
    const patient = storage({ snapshotMaxAgeMs: 72 * HOUR });
    expect(snapshotsFor([DEFAULT_POLICY, RESTORE, patient])).toBe(144 * HOUR);
  });
});

describe('the snapshot', () => {
  it('is the newest, and young enough', () => {
    const old = snapshot({ id: 'old', createdAt: T0 - 30 * HOUR });
    expect(fate([old, snapshot()])).toBe('snap');
    expect(fate([old])).toBe('NH329');
    expect(fate([old], storage({ snapshotMaxAgeMs: 48 * HOUR }))).toBe('old');
    expect(fate([])).toBe('NH328');
  });

  it.each<readonly [string, Partial<Snapshot>]>([
    ['of another instance', { instance: vm(2) }],
    ['that only claims to be one', { imageType: null }],
    // Names and properties are anybody's to choose.
    ['of another project', { owner: 'p2' }],
    ['that does not fit on the disk', { minDiskGib: 2 }],
  ])('is none %s', (_what, change) => {
    expect(fate([snapshot(change)])).toBe('NH328');
  });

  it('is known by its name where the policy gives one', () => {
    const named = snapshot({ instance: null, imageType: null, name: `backup-${VM}-20261118` });
    expect(fate([named])).toBe('NH328');
    expect(fate([named], storage({ snapshotNames: ['backup-{id}-*'] }))).toBe('snap');
    expect(fate([named], storage({ snapshotNames: ['backup-{name}-*'] }))).toBe('NH328');
    const byName = { ...named, name: 'backup-web-20261118' };
    const policy = storage({ snapshotNames: ['backup-{name}-*'] });
    expect(fate([byName], policy, { name: 'web' })).toBe('snap');
    // An instance that calls itself "*" gets nobody else's images.
    expect(fate([byName], policy, { name: '*' })).toBe('NH328');
  });

  it('needs no second rebuild when the instance is built from it already', () => {
    const built = treatmentOf(
      instance(VM, { imageId: 'snap' }),
      { at: T0, images: [snapshot()] },
      RESTORE,
    );
    expect(built.kind === 'evacuate' && built.treatment.restore).toBe(undefined);
  });

  it('is named beforehand, with its age', () => {
    const outcome = treatmentOf(instance(VM), { at: T0, images: [snapshot()] }, RESTORE);
    const notes = outcome.kind === 'evacuate' ? (outcome.treatment.notes ?? []) : [];
    expect(notes.map(sentenceOf).join()).toMatch(/nightly \(snap\), which is 1 h 00 min old/);
  });
});

describe('other disks', () => {
  it('that come back empty are said, for volumes and snapshots alike', () => {
    const flavor = { ...instance().flavor, ephemeralGib: 20, swapMib: 512 };
    const said = (policy: Policy, imageBacked: boolean): string => {
      const outcome = treatmentOf(
        instance(VM, { flavor, imageBacked }),
        { at: T0, images: [snapshot()] },
        policy,
      );
      if (outcome.kind === 'skip') return outcome.why.code;
      return (outcome.treatment.notes ?? []).map(sentenceOf).join('; ');
    };
    expect(said(RESTORE, false)).toBe(
      'its ephemeral disk (20 GiB) and swap disk (512 MiB) on local storage comes back empty',
    );
    expect(said(RESTORE, true)).toMatch(/recreated from its snapshot.*comes back empty/);
    expect(said(storage({ localDisk: 'rebuild' }), true)).toMatch(/its data is lost.*empty/);
    expect(said(storage({ kind: 'shared' }), true)).toBe('');
  });
});
