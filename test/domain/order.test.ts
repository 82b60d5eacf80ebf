import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keptOrder, orderOf } from '../../src/domain/order.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.ts';
import { instance, VM } from '../support/domain.ts';

const withSources = (...sources: Policy['order']['sources']): Policy => ({
  ...DEFAULT_POLICY,
  order: { ...DEFAULT_POLICY.order, sources },
});
const from = (
  metadata: Record<string, string>,
  extraSpecs: Record<string, string> = {},
  policy = DEFAULT_POLICY,
) => {
  const { flavor } = instance();
  return orderOf(instance(VM, { metadata, flavor: { ...flavor, extraSpecs } }), policy);
};

describe('the order of an instance', () => {
  it('is the middle, and not kept, when nobody says anything', () => {
    const found = from({});
    expect(found).toEqual({ priority: 500, group: null, from: [], warnings: [] });
    expect(keptOrder(found)).toEqual({});
    expect(keptOrder({ priority: 500, group: 'db' })).toEqual({
      order: { priority: 500, group: 'db' },
    });
  });

  it("comes from our keys and the peers', ours first", () => {
    expect(from({ 'nova-ha:priority': '900', 'nova-ha:group': 'db' })).toMatchObject({
      priority: 900,
      group: 'db',
    });
    const both = { 'instanceha:restart_priority': '7', 'nova-ha:priority': '8' };
    expect(from(both).priority).toBe(8);
    expect(from({ 'instanceha:restart_group': 'web' }).group).toBe('web');
  });

  it('turns the scale of StarlingX round', () => {
    const priorities = ['1', '2', '9', '10'].map(
      (written) => from({ 'sw:wrs:recovery_priority': written }).priority,
    );
    expect(priorities).toEqual([1000, 889, 112, 1]);
    expect(from({ 'sw:wrs:recovery_priority': '11' })).toMatchObject({
      priority: 1,
      warnings: [{ code: 'NH331' }],
    });
  });

  it('comes from the first source that has one, each for itself', () => {
    const found = from(
      { 'nova-ha:priority': '900' },
      { 'nova-ha:priority': '1', 'nova-ha:group': 'db' },
    );
    expect(found).toMatchObject({ priority: 900, group: 'db' });
    expect(found.from).toEqual([
      "nova-ha:priority of the instance's metadata",
      'nova-ha:group of the flavor',
    ]);
    const flavorOnly = withSources('flavor');
    expect(from({ 'nova-ha:priority': '900' }, {}, flavorOnly).priority).toBe(500);
    const images = new Map([['image', { properties: { 'nova-ha:priority': '3' } }]]);
    expect(orderOf(instance(), withSources('image'), { images }).priority).toBe(3);
    expect(orderOf(instance(), withSources('image')).priority).toBe(500);
  });

  it('never throws and is always in range, whatever is written', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (priority, group) => {
        const found = from({ 'nova-ha:priority': priority, 'nova-ha:group': group });
        expect(found.priority).toBeGreaterThanOrEqual(1);
        expect(found.priority).toBeLessThanOrEqual(1000);
        expect(Number.isInteger(found.priority)).toBe(true);
      }),
    );
  });
});
