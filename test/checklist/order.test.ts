import { describe, expect, it } from 'vitest';
import { orderOf } from '../../src/domain/order.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import { instance, VM } from '../support/domain.ts';

describe('the checklist: order', () => {
  it.each([
    ['0', 1],
    ['-5', 1],
    ['1001', 1000],
    ['700', 700],
    ['high', 500],
    ['', 500],
  ])('checklist 47: priority clamp 1-1000, invalid -> default: %j is %i', (written, priority) => {
    const metadata = { 'instanceha:restart_priority': written };
    expect(orderOf(instance(VM, { metadata }), DEFAULT_POLICY).priority).toBe(priority);
  });
});
