import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capacityOf, needOf, type Need, type OpenRoom } from '../../src/domain/capacity.ts';
import { foresee } from '../../src/domain/foresee.ts';
import { known, unknown } from '../../src/domain/known.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.ts';
import {
  evacuating,
  H2,
  H3,
  instance,
  observation,
  peer,
  PENDING,
  T0,
  VM,
  vm,
} from '../support/domain.ts';

const room = (change: Partial<OpenRoom> = {}): OpenRoom => ({
  ...{ host: H2, zone: null, vcpus: 8, pcpus: 0, memoryMib: 16, diskGib: null, disabled: false },
  ...change,
});
const need = (n: number, memoryMib: number, change: Partial<Need> = {}): Need => ({
  ...needOf(instance(vm(n))),
  memoryMib,
  ...change,
});

describe('what an instance takes', () => {
  const { flavor } = instance();
  const big = { ...flavor, vcpus: 4, ramMib: 2048, diskGib: 20, ephemeralGib: 5, swapMib: 1500 };

  it('is the flavor, without a root disk when it boots from a volume', () => {
    expect(needOf(instance(VM, { flavor: big }))).toMatchObject({
      ...{ vcpus: 4, pcpus: 0, memoryMib: 2048, diskGib: 27, special: false },
    });
    const fromVolume = instance(VM, { flavor: big, imageBacked: false, imageId: null });
    expect(needOf(fromVolume).diskGib).toBe(7);
  });

  it('follows the extra specs: dedicated CPUs, overrides, and what sizes cannot tell', () => {
    const withSpecs = (extraSpecs: Record<string, string>) =>
      needOf(instance(VM, { flavor: { ...big, extraSpecs } }));
    expect(withSpecs({ 'hw:cpu_policy': 'dedicated' })).toMatchObject({ vcpus: 0, pcpus: 4 });
    expect(withSpecs({ 'resources:MEMORY_MB': '0' })).toMatchObject({ memoryMib: 0 });
    expect(withSpecs({ 'resources:VGPU': '1' }).special).toBe(true);
    expect(withSpecs({ 'trait:CUSTOM_FAST': 'required' }).special).toBe(true);
    expect(withSpecs({ 'hw:numa_nodes': '1' }).special).toBe(false);
  });
});

describe('the forecast', () => {
  it('fits the important first and the large before the small', () => {
    const forecast = capacityOf([need(1, 4), need(2, 12), need(3, 4)], [room()]);
    expect(forecast).toMatchObject({ fits: 2, short: 1, unknown: 0 });
    expect(forecast.of.get(vm(3))).toBe('no-room');
    const urgent = capacityOf([need(1, 12), need(2, 8, { priority: 900 })], [room()]);
    expect(urgent.of.get(vm(2))).toBe('fits');
    expect(urgent.of.get(vm(1))).toBe('no-room');
  });

  it('leaves out disabled hosts, and keeps members of an anti-affinity group apart', () => {
    expect(capacityOf([need(1, 1)], [room({ disabled: true })]).short).toBe(1);
    const apart = [need(1, 1, { exclusiveGroup: 'g' }), need(2, 1, { exclusiveGroup: 'g' })];
    expect(capacityOf(apart, [room()]).short).toBe(1);
    expect(capacityOf(apart, [room(), room({ host: H3 })]).short).toBe(0);
  });

  it('is unknown where only another zone has room, or sizes are not all', () => {
    const away = need(1, 1, { zone: 'az1' });
    expect(capacityOf([away], [room({ zone: 'az2' })]).unknown).toBe(1);
    expect(capacityOf([away], [room({ zone: 'az2' }), room({ zone: 'az1' })]).fits).toBe(1);
    expect(capacityOf([need(1, 1, { special: true })], [room()]).unknown).toBe(1);
  });

  it('never gives away more than there is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 20 }),
        fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 5 }),
        (sizes, rooms) => {
          const needs = sizes.map((size, i) => need(i + 1, size, { vcpus: 0 }));
          const bins = rooms.map((memoryMib) => room({ memoryMib }));
          const { of, fits, short } = capacityOf(needs, bins);
          const placed = needs.filter(({ id }) => of.get(id) === 'fits');
          const sum = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0);
          expect(sum(placed.map(({ memoryMib }) => memoryMib))).toBeLessThanOrEqual(sum(rooms));
          expect(fits + short).toBe(needs.length);
        },
      ),
    );
  });
});

describe('before the start', () => {
  const record = evacuating([PENDING, PENDING]);
  const looked = (memoryMib: number) =>
    observation({
      inventory: known([instance(vm(1)), instance(vm(2))], T0),
      rooms: known([room({ memoryMib })], T0),
    });
  const policy = (check: Policy['capacity']['check']): Policy => ({
    ...DEFAULT_POLICY,
    capacity: { check },
  });

  it('a lack of room is noted and nothing is held back', () => {
    expect(foresee(record, looked(2), policy('warn'), T0).forecast).toBeUndefined();
    const noted = foresee(record, looked(1), policy('warn'), T0);
    expect(noted.forecast).toEqual({ fits: 1, short: 1, unknown: 0 });
    expect(noted.instances).toBe(record.instances);
    const plan = foresee(record, looked(1), policy('plan'), T0);
    expect(plan).toBe(record);
  });

  it('those without room wait where that is wanted, and go when there is some', () => {
    const held = foresee(record, looked(1), policy('hold'), T0);
    const progress = held.instances[vm(2)]?.progress;
    expect(progress).toMatchObject({ at: 'pending', why: { code: 'NH330' } });
    expect(held.instances[vm(1)]?.progress).toMatchObject({ at: 'pending', why: null });
    const freed = foresee(held, looked(9), policy('hold'), T0 + 60_000);
    expect(freed.instances[vm(2)]?.progress).toMatchObject({ notBefore: T0 + 60_000, why: null });
    expect(freed.forecast).toBeUndefined();
  });

  it('what could not be looked up holds nobody back', () => {
    const blind = { ...looked(1), rooms: unknown('503') };
    expect(foresee(record, blind, policy('hold'), T0)).toBe(record);
  });

  it('a host that is marked too is no room', () => {
    const marked = { ...looked(9), peers: known([peer(H2)], T0) };
    expect(foresee(record, marked, policy('warn'), T0).forecast?.short).toBe(2);
  });
});
