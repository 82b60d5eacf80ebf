import { describe, expect, it } from 'vitest';
import { createFencing } from '../../src/adapters/fencing.ts';
import {
  createElapsed,
  createSteadyWall,
  createSystemChance,
  createSystemClock,
} from '../../src/adapters/system.ts';
import { asEvent, asHost } from '../../src/domain/ids.ts';
import { known, unknown, type Known } from '../../src/domain/known.ts';
import { wholeHost, type FenceProof, type Mark } from '../../src/domain/mark.ts';

describe('the clock', () => {
  it('never goes back and stops sleeping when told', async () => {
    const clock = createSystemClock();
    const before = clock.monotonicMs();
    const controller = new AbortController();
    const asleep = clock.sleep(3_600_000, controller.signal);
    controller.abort();
    await asleep;
    await clock.sleep(3_600_000, controller.signal);
    await clock.sleep(-1);
    expect(clock.monotonicMs()).toBeGreaterThan(before);
  });
});

describe('clocks that were set', () => {
  const HOUR = 3_600_000;

  it('follows a wall clock that was set by a tenth of the passing time', () => {
    let wall = 1_000_000;
    let monotonic = 0;
    const now = createSteadyWall({ wallMs: () => wall, monotonicMs: () => monotonic });
    wall += HOUR + 10_000;
    monotonic += 10_000;
    expect(now()).toBe(1_000_000 + 11_000);
    wall -= 2 * HOUR;
    expect(now()).toBe(1_000_000 + 11_000);
    wall += 10_000;
    monotonic += 10_000;
    expect(now()).toBe(1_000_000 + 20_000);
  });

  it('counts the time of a suspended machine, and never runs backwards', () => {
    let wall = 1_000_000;
    let monotonic = 500;
    const elapsed = createElapsed({ wallMs: () => wall, monotonicMs: () => monotonic });
    wall += 1500;
    monotonic += 1000;
    expect(elapsed()).toBe(1000);
    wall += HOUR;
    monotonic += 1000;
    expect(elapsed()).toBe(1000 + HOUR);
    wall -= 5 * HOUR;
    monotonic += 1000;
    expect(elapsed()).toBe(2000 + HOUR);
  });
});

describe('chance', () => {
  it('makes event ids that sort by time, and fractions', () => {
    const chance = createSystemChance();
    expect(chance.event(Date.UTC(2026, 10, 20, 11, 35, 9))).toMatch(
      /^20261120T113509Z-[0-9a-f]{4}$/,
    );
    const fraction = chance.fraction();
    expect(fraction).toBeGreaterThanOrEqual(0);
    expect(fraction).toBeLessThan(1);
  });
});

describe('the composite of fence proofs', () => {
  const mark: Mark = {
    event: asEvent('e'),
    firstAt: 0,
    at: 0,
    origin: 'operator',
    by: 'x',
    claim: null,
    request: wholeHost,
  };
  const proof = (at: number): FenceProof => ({ source: 'power', at, detail: 'off' });
  const ask = (...answers: Known<FenceProof | null>[]) =>
    createFencing({
      clock: createSystemClock(),
      sources: answers.map((answer) => ({ proof: () => Promise.resolve(answer) })),
    }).proof(asHost('compute-1'), mark);

  it('takes the newest and does not confuse silence with no', async () => {
    expect(await ask()).toMatchObject({ kind: 'known', value: null });
    expect(await ask(known(null, 1), known(proof(4), 1), known(proof(5), 1))).toMatchObject({
      value: { at: 5 },
    });
    expect(await ask(unknown('no answer'), known(proof(4), 1))).toMatchObject({ value: { at: 4 } });
    expect(await ask(unknown('no answer'), known(null, 1))).toEqual(unknown('no answer'));
  });
});
