import { describe, expect, it } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import type { Evacuation, Progress } from '../../src/domain/evacuation.ts';
import { known } from '../../src/domain/known.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.ts';
import { because } from '../../src/domain/reason.ts';
import type { Switch } from '../../src/domain/switches.ts';
import { evacuating, observation, PENDING, T0 } from '../support/domain.ts';

const STAGGER_MS = 2000;
const policy: Policy = {
  ...DEFAULT_POLICY,
  pace: { ...DEFAULT_POLICY.pace, staggerMs: STAGGER_MS },
};
const NOW = T0 + 10_000;
const PAUSE: Switch = {
  kind: 'pause',
  scope: { of: 'all' },
  reason: 'a test',
  by: 'anna',
  since: T0,
  until: null,
};
const NO_ROOM: Progress = {
  ...PENDING,
  attempt: 1,
  notBefore: NOW + 30_000,
  why: because('NH401', { at: 'in 30 s' }),
};

/** How long a host sleeps that sent its last request so long ago. */
function pauseOf(
  progresses: readonly Progress[],
  { sentMs, switches = [] }: { readonly sentMs: number; readonly switches?: readonly Switch[] },
): number {
  const record: Evacuation = evacuating(progresses, { sentAt: NOW - sentMs });
  const seen = observation({ switches: known(switches, NOW) });
  return (decide(record, seen, policy, NOW).wakeAt ?? NOW) - NOW;
}

describe('with pace.stagger, the pause before the next look', () => {
  it('ends when the next may be sent', () => {
    expect(pauseOf([PENDING], { sentMs: 1500 })).toBe(500);
  });

  it('is no shorter for it while something else holds the host', () => {
    expect(pauseOf([PENDING], { sentMs: 60_000, switches: [PAUSE] })).toBeGreaterThanOrEqual(1000);
  });

  it('is no shorter for it while those that wait have their own time', () => {
    const waits = pauseOf([NO_ROOM], { sentMs: 60_000 });
    expect(waits).toBe(DEFAULT_POLICY.freshness.idleMs);
  });
});
