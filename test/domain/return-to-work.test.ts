import { describe, expect, it } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import {
  isInFlight,
  newEvacuation,
  tracked,
  type Evacuation,
} from '../../src/domain/evacuation.ts';
import { asHost } from '../../src/domain/ids.ts';
import { known } from '../../src/domain/known.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.ts';
import { because } from '../../src/domain/reason.ts';
import { summaryOf } from '../../src/domain/summary.ts';
import {
  evacuating,
  fleet,
  H1,
  H2,
  instance,
  isolated,
  mark,
  observation,
  PENDING,
  service,
  T0,
} from '../support/domain.ts';

const policy: Policy = { ...DEFAULT_POLICY, pace: { ...DEFAULT_POLICY.pace, inFlight: 4 } };
const STORM = [because('NH201', { host: H1, marked: 2, total: 5, limit: 1 })];
const LATER = T0 + 600_000;

/** A host with six instances that a storm has held for ten minutes. */
const heldHost = (host: typeof H1): Evacuation =>
  evacuating(
    Array.from({ length: 6 }, () => PENDING),
    { host, reasons: STORM },
  );

/** A turn of each of these hosts that see nothing of what the others do in the same moment. */
function atOnce(records: readonly Evacuation[], now: number) {
  const peers = known(records.map(summaryOf), now);
  const services = known(
    fleet([
      ...records.map(({ host }) => isolated(host)),
      ...[3, 4, 5].map((n) => service(asHost(`compute-${String(n)}`))),
    ]),
    now,
  );
  return records.map((record) =>
    decide(record, observation({ peers, fleet: services }), policy, now),
  );
}

const flying = (records: readonly Evacuation[]): number =>
  records.flatMap((record) => tracked(record)).filter(([, { progress }]) => isInFlight(progress))
    .length;

describe('hosts that were held for long and are let go in the same moment', () => {
  it('share the limit: each says first that it is back, and sends then', () => {
    const first = atOnce([heldHost(H1), heldHost(H2)], LATER);
    expect(flying(first.map(({ next }) => next))).toBe(0);
    expect(first.map(({ wakeAt }) => wakeAt)).toEqual([LATER + 1000, LATER + 1000]);
    const second = atOnce(
      first.map(({ next }) => next),
      LATER + 1000,
    );
    expect(second.map(({ next }) => flying([next]))).toEqual([2, 2]);
  });

  it('one that is still held when the others begin finds what they left', () => {
    const [one] = atOnce([heldHost(H1)], LATER);
    const back = one?.next ?? heldHost(H1);
    const [sent] = atOnce([back, heldHost(H2)], LATER + 1000);
    expect(flying([sent?.next ?? back])).toBe(4);
    const [, late] = atOnce([sent?.next ?? back, heldHost(H2)], LATER + 1100);
    const [, after] = atOnce([sent?.next ?? back, late?.next ?? back], LATER + 2100);
    expect(flying([late?.next ?? back, after?.next ?? back])).toBe(0);
  });

  it('a reason that holds nothing does not keep it from being back', () => {
    const gone = [because('NH235', { host: H1, profile: 'gold' })];
    const [sent] = atOnce([{ ...heldHost(H1), profile: 'gold', reasons: gone }], LATER);
    expect(flying([sent?.next ?? heldHost(H1)])).toBe(4);
  });

  it('one that waited long for its proof writes its inventory down first', () => {
    const unproven = {
      ...newEvacuation(H1, mark({ claim: null, at: T0, firstAt: T0 }), T0),
      isolation: heldHost(H1).isolation,
    };
    const proof = known({ source: 'power', at: LATER, detail: 'off' } as const, LATER);
    const inventory = known([instance()], LATER);
    const counted = decide(unproven, observation({ proof, inventory }), policy, LATER);
    expect(counted.next.phase).toBe('evacuating');
    expect(flying([counted.next])).toBe(0);
    expect(flying(atOnce([counted.next], LATER + 1000).map(({ next }) => next))).toBe(1);
    const early = decide(unproven, observation({ proof, inventory }), policy, T0 + 60_000);
    expect(flying([early.next])).toBe(1);
  });

  it('who was held for a moment only had his share all the time, and goes on at once', () => {
    const [now] = atOnce([{ ...heldHost(H1), phaseSince: LATER - 30_000 }], LATER);
    expect(flying([now?.next ?? heldHost(H1)])).toBe(4);
  });
});
