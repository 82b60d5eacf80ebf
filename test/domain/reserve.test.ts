import { describe, expect, it } from 'vitest';
import type { Service } from '../../src/domain/host.ts';
import { asHost } from '../../src/domain/ids.ts';
import { known, unknown } from '../../src/domain/known.ts';
import { drainNote } from '../../src/domain/move.ts';
import type { Observation } from '../../src/domain/observation.ts';
import { findReserves, sightOf, whyNone, type ReservePolicy } from '../../src/domain/reserve.ts';
import { fleet, H1, H2, isolated, peer, service, T0 } from '../support/domain.ts';
import { aggregate, R1, R2, reserving, spare } from '../support/reserves.ts';

const seen = (
  spares: readonly Parameters<typeof fleet>[0][number][],
  change: Partial<Observation> = {},
) =>
  sightOf(
    H1,
    fleet([isolated(H1), service(H2), ...spares]),
    { peers: known([], T0), switches: known([], T0), aggregates: known([], T0), ...change },
    T0,
  );

function fit(
  spares: readonly Parameters<typeof fleet>[0][number][],
  policy: Partial<ReservePolicy> = {},
  change: Partial<Observation> = {},
): readonly string[] | string {
  const found = findReserves(seen(spares, change), reserving(policy).reserve);
  return 'unknown' in found ? found.unknown : found.fit;
}

const because = (one: Service, policy: Partial<ReservePolicy> = {}, change = {}): string => {
  const { reserve } = reserving(policy);
  const found = findReserves(seen([one], change), reserve);
  return 'unknown' in found ? found.unknown : whyNone(found, reserve);
};

const DRAINED = drainNote({ event: 'ev-1', by: 'anna', reason: 'its room is reserved' });

describe('a host in reserve', () => {
  it.each([
    ['says so in its reason', spare(), true],
    ['says so in other letters', spare(R1, { disabledReason: 'RESERVED by anna' }), true],
    ['is disabled for another reason', spare(R1, { disabledReason: 'disk broken' }), false],
    ['is disabled without a reason', spare(R1, { disabledReason: null }), false],
    ['is enabled', spare(R1, { status: 'enabled', disabledReason: null }), false],
    ['has disabled itself', spare(R1, { disabledReason: 'AUTO: reserved' }), false],
    ['says it in a longer word', spare(R1, { disabledReason: 'preserved for the audit' }), false],
    ['says the opposite', spare(R1, { disabledReason: 'unreserved' }), false],
    ['says so with more', spare(R1, { disabledReason: 'ha_reserved:2, anna' }), true],
    ['is drained for what is reserved', spare(R1, { disabledReason: DRAINED }), false],
    ['was disabled by us', spare(R1, { disabledReason: isolated().disabledReason }), false],
  ])('%s', (_name, one, isIn) => {
    expect(fit([one])).toEqual(isIn ? [R1] : []);
  });

  it.each([
    ['down', { state: 'down' }, 'it is down'],
    ['forced down', { state: 'down', forcedDown: true }, 'it is forced down'],
    ['elsewhere', { zone: 'z2' }, 'it is in the zone z2, not in nova'],
  ] as const)('is not taken while it is %s', (_name, change, why) => {
    expect(because(spare(R1, change))).toBe(`${R1}: ${why}`);
  });

  it('is not taken when its cell is away, it failed itself, or it is claimed for another', () => {
    expect(fit([{ host: R1, state: 'unknown' }])).toEqual([]);
    const failed = { peers: known([peer(R1, { phase: 'settled' })], T0) };
    expect(because(spare(), {}, failed)).toBe(`${R1}: it is marked as failed itself`);
    const wanted = { peers: known([peer(H2, { reserves: { [R1]: 'claimed' } })], T0) };
    expect(because(spare(), {}, wanted)).toBe(`${R1}: it is claimed for ${H2}`);
    const fenced = { failing: known([R1], T0) };
    expect(because(spare(), {}, fenced)).toBe(`${R1}: it is being fenced`);
  });

  it.each([
    ['under maintenance', { kind: 'maintenance', scope: { of: 'host', host: R1 } }],
    ['frozen with everything', { kind: 'freeze', scope: { of: 'all' } }],
  ] as const)('is not taken while it is %s', (_name, how) => {
    const one = { ...how, reason: 'work', by: 'anna', since: T0, until: null };
    expect(fit([spare()], {}, { switches: known([one], T0) })).toEqual([]);
    expect(fit([spare()], {}, { switches: unknown('503') })).toEqual([]);
  });

  it('that is closed history of a failure may be taken again', () => {
    const past = { peers: known([peer(R1, { phase: 'closed' })], T0) };
    expect(fit([spare()], {}, past)).toEqual([R1]);
  });

  it('may be told by words that mean something to regular expressions', () => {
    const words = spare(R1, { disabledReason: 'spare (ha+), anna' });
    expect(fit([words], { reason: 'SPARE (HA+)' })).toEqual([R1]);
    expect(fit([words], { reason: 'spare .ha..' })).toEqual([]);
  });

  it('says that there is none', () => {
    expect(because(service(asHost('other')))).toContain('disabled with a reason that has the word');
    const why = because(service(asHost('other')), { aggregate: 'spare' });
    expect(why).toBe('no host of the aggregate spare is disabled as a reserved host');
  });
});

describe('the aggregate of the reserved hosts', () => {
  const pool = known([aggregate(1, [R1, R2], { name: 'spare' })], T0);
  const named = { aggregate: 'spare' };

  it('tells them, with or without a reason, but not with another one', () => {
    const bare = spare(R1, { disabledReason: null });
    const broken = spare(R2, { disabledReason: 'disk broken' });
    expect(fit([bare, broken], named, { aggregates: pool })).toEqual([R1]);
    expect(fit([spare(asHost('outside'))], named, { aggregates: pool })).toEqual([]);
  });

  it('must be known', () => {
    expect(fit([spare()], named, { aggregates: unknown('403') })).toBe('403');
    expect(fit([spare()], {}, { aggregates: unknown('403') })).toEqual([R1]);
  });
});

describe('the match with the failed host', () => {
  it('may be an aggregate; that of the reserved hosts is none', () => {
    const policy = { match: 'aggregate', aggregate: 'spare' } as const;
    const pool = aggregate(1, [R1, R2, H1], { name: 'spare' });
    const both = { aggregates: known([pool, aggregate(2, [H1, R2])], T0) };
    expect(fit([spare(R1), spare(R2)], policy, both)).toEqual([R2]);
    expect(because(spare(R1), policy, both)).toBe(`${R1}: it is in no aggregate of ${H1}`);
  });

  it('may be nothing at all', () => {
    expect(fit([spare(R1, { zone: 'z2' })], { match: 'any' })).toEqual([R1]);
  });

  it('puts first who shares most, then who comes first by name', () => {
    const shared = { aggregates: known([aggregate(1, [H1, R2])], T0) };
    expect(fit([spare(R1), spare(R2)], {}, shared)).toEqual([R2, R1]);
    expect(fit([spare(R2), spare(R1)])).toEqual([R1, R2]);
  });
});
