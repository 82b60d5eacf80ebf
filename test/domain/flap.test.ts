import { describe, expect, it } from 'vitest';
import { failuresBefore, flapHold } from '../../src/domain/flap.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import { evacuating, mark, T0 } from '../support/domain.ts';

const DAY = 86_400_000;
const policy = { ...DEFAULT_POLICY, flap: { count: 3, periodMs: DAY } };
const asked = { ...evacuating().readmission, asked: true };

describe('a host that fails again and again', () => {
  it.each([
    ['the first failure', [], false],
    ['the second', [T0 - 1000], false],
    ['the third within the period', [T0 - 2000, T0 - 1000], true],
    ['the third, but the first is long ago', [T0 - DAY, T0 - 1000], false],
    ['exactly at the end of the period', [T0 - DAY + 1, T0 - 1000], true],
  ] as const)('%s', (_name, failures, held) => {
    const record = evacuating([], { failures });
    expect(flapHold(record, policy, T0)?.code ?? null).toBe(held ? 'NH234' : null);
  });

  it('is not held by an operator who asked for it, nor where nobody counts', () => {
    const record = evacuating([], { failures: [T0 - 2, T0 - 1] });
    expect(flapHold({ ...record, readmission: asked }, policy, T0)).toBeNull();
    const never = { ...policy, flap: { ...policy.flap, count: 0 } };
    expect(flapHold(record, never, T0)).toBeNull();
  });

  it('is not held for a failure that was none', () => {
    const record = evacuating([], { failures: [T0 - 1000], forgiven: true });
    expect(flapHold(record, policy, T0)).toBeNull();
  });

  it('is remembered by the record of the next event, and no longer than an operator wants', () => {
    const first = evacuating([], { mark: mark({ firstAt: T0 - 5000 }) });
    expect(failuresBefore(first)).toEqual({ failures: [T0 - 5000] });
    const second = evacuating([], { ...failuresBefore(first), mark: mark({ firstAt: T0 }) });
    expect(failuresBefore(second)).toEqual({ failures: [T0 - 5000, T0] });
    expect(failuresBefore({ ...second, readmission: asked })).toEqual({ failures: [T0] });
    expect(failuresBefore({ ...second, forgiven: true })).toEqual({ failures: [T0 - 5000] });
    expect(failuresBefore({ ...first, forgiven: true })).toEqual({});
  });

  it('has a memory that ends somewhere', () => {
    const failures = Array.from({ length: 50 }, (_, index) => T0 + index);
    expect(failuresBefore(evacuating([], { failures })).failures).toHaveLength(20);
    expect(failuresBefore(evacuating([], { failures })).failures?.at(-1)).toBe(T0);
  });
});
