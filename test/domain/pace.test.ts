import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isInFlight, type Progress, type Tracked } from '../../src/domain/evacuation.ts';
import { asHost, type HostName } from '../../src/domain/ids.ts';
import { wholeHost } from '../../src/domain/mark.ts';
import { choose, due } from '../../src/domain/pace.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.ts';
import { because } from '../../src/domain/reason.ts';
import { summaryOf } from '../../src/domain/summary.ts';
import {
  ACCEPTED,
  entry,
  evacuating,
  fleet,
  H2,
  H3,
  mark,
  peer,
  PENDING,
  service,
  T0,
  vm,
} from '../support/domain.ts';

const policy = (inFlight: number, perDestination = 99): Policy => ({
  ...DEFAULT_POLICY,
  pace: { ...DEFAULT_POLICY.pace, inFlight, perDestination },
});
const SERVICES = fleet([service(H2), service(H3)]);
const waiting = (count: number): Progress[] => Array.from({ length: count }, () => PENDING);
const sends = (
  record: ReturnType<typeof evacuating>,
  limits: Policy,
  peers = [summaryOf(record)],
) => {
  const { chosen, held } = choose(record, peers, SERVICES, limits, T0);
  return { chosen: chosen.map(({ id }) => id), held };
};

describe('the budgets', () => {
  it('in flight in the region', () => {
    expect(sends(evacuating(waiting(5)), policy(3)).chosen).toEqual([vm(1), vm(2), vm(3)]);
    const flying = evacuating([ACCEPTED, ACCEPTED, ...waiting(5)]);
    expect(sends(flying, policy(3)).chosen).toHaveLength(1);
  });

  it('shared evenly by the hosts at work, the remainder for the first', () => {
    const own = evacuating(waiting(9));
    const other = peer(H2, { counts: { ...peer(H2).counts, pending: 9 } });
    const later = { ...other, markedAt: T0 + 1 };
    const earlier = { ...other, markedAt: T0 - 1 };
    expect(sends(own, policy(5), [later]).chosen).toHaveLength(3);
    expect(sends(own, policy(5), [earlier]).chosen).toHaveLength(2);
    expect(sends(own, policy(5), [{ ...other, phase: 'settled' }]).chosen).toHaveLength(5);
  });

  it('shared with a host whose next instance is being reset', () => {
    const counts = { ...peer(H2).counts, pending: 0, resetting: 1 };
    expect(sends(evacuating(waiting(9)), policy(4), [peer(H2, { counts })]).chosen).toHaveLength(2);
  });

  it('not shared for ever with a host that waits for something else', () => {
    const own = evacuating(waiting(9));
    const longAgo = { markedAt: T0 - 200_000, phaseSince: T0 - 200_000 };
    const idle = (change: Parameters<typeof peer>[1]) => peer(H2, { ...longAgo, ...change });
    const fresh = { markedAt: T0 - 1, phaseSince: T0 - 1 };
    const pending = { ...peer(H2).counts, pending: 9 };
    const open = (change: Parameters<typeof peer>[1]) =>
      sends(own, policy(1), [idle(change)]).chosen.length;
    expect(open({ phase: 'marked', provenAt: null })).toBe(1);
    expect(open({ phase: 'marked', isolated: false })).toBe(1);
    expect(open({ counts: pending, reasons: [because('NH202', { host: H2 })] })).toBe(1);
    expect(open({ counts: pending, reasons: [because('NH203', { count: 1, limit: 1 })] })).toBe(0);
    expect(open({ phase: 'marked' })).toBe(0);
    // It may be sent any moment: two hosts that start together must not both take everything.
    expect(open({ phase: 'marked', provenAt: null, ...fresh })).toBe(0);
    const held = [because('NH105', { host: H2 })];
    expect(open({ counts: pending, reasons: held, ...fresh })).toBe(0);
    expect(open({ phase: 'marked', isolated: false, excused: true, ...fresh })).toBe(1);
  });

  it('not kept for a host whose instances all wait for room, but for its next try', () => {
    const own = evacuating(waiting(2));
    const why = because('NH401', { at: 'in 30 s', host: H2, id: vm(9) });
    const full: Progress = { ...PENDING, at: 'pending', notBefore: T0 + 30_000, why };
    const room = (progresses: Progress[], notBefore: number): number => {
      const other = evacuating(
        progresses.map((one) => (one.at === 'pending' && one.why ? { ...one, notBefore } : one)),
        { host: H2, mark: mark({ at: T0 - 1 }), phaseSince: T0 - 600_000 },
      );
      return sends(own, policy(1), [summaryOf(other)]).chosen.length;
    };
    expect(room([full, full], T0 + 30_000)).toBe(1);
    expect(room([full, full], T0 + 3_000)).toBe(0);
    expect(room([full, PENDING], T0 + 30_000)).toBe(0);
    expect(room([full, ACCEPTED], T0 + 30_000)).toBe(0);
  });

  it('towards one destination, as far as all of them together have places', () => {
    const towards: Progress = { ...ACCEPTED, destination: H2 };
    expect(sends(evacuating([towards, ...waiting(9)]), policy(99, 2)).chosen).toHaveLength(3);
    const full = [towards, towards];
    const elsewhere = full.map((one) => ({ ...one, destination: H3 }));
    expect(sends(evacuating([...full, ...elsewhere, ...waiting(9)]), policy(99, 2)).chosen).toEqual(
      [],
    );
  });

  it('one full destination does not stop the others', () => {
    const towards: Progress = { ...ACCEPTED, destination: H2 };
    const stacked = [towards, towards, towards, towards];
    expect(sends(evacuating([...stacked, ...waiting(9)]), policy(99, 2)).chosen).toHaveLength(2);
  });

  it('towards the destination that was asked for', () => {
    const towards: Progress = { ...ACCEPTED, destination: H2 };
    const target = mark({ request: { ...wholeHost, target: H2 } });
    const named = evacuating([towards, ...waiting(9)], { mark: target });
    expect(sends(named, policy(99, 3)).chosen).toHaveLength(2);
  });

  it('one member of a group whose members must not meet', () => {
    const members = (...progresses: Progress[]): Record<string, Tracked> =>
      Object.fromEntries(
        progresses.map((progress, i) => [vm(i + 1), entry(progress, { exclusiveGroup: 'g' })]),
      );
    const own = evacuating([], { instances: members(PENDING, PENDING) });
    expect(sends(own, policy(9)).chosen).toEqual([vm(1)]);
    const busy = evacuating([], { instances: members(ACCEPTED, PENDING) });
    expect(sends(busy, policy(9)).chosen).toEqual([]);
    expect(sends(own, policy(9), [peer(H2, { groups: ['g'] })]).chosen).toEqual([]);
  });

  it('says why nothing goes when nothing is under way', () => {
    const full = [peer(H2, { inFlight: 3 })];
    expect(sends(evacuating(waiting(2)), policy(3), full).held?.code).toBe('NH203');
    expect(sends(evacuating([]), policy(3)).held).toBeNull();
  });
});

describe('many hosts choosing one after the other', () => {
  const names = [1, 2, 3, 4].map((n) => asHost(`compute-${String(n)}`));
  const world = fc.record({
    limit: fc.integer({ min: 1, max: 12 }),
    hosts: fc.tuple(
      ...names.map(() => fc.record({ waiting: fc.nat({ max: 6 }), markedAt: fc.nat({ max: 3 }) })),
    ),
    order: fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 30 }),
    landings: fc.array(fc.nat({ max: 3 }), { maxLength: 10 }),
  });

  it('never have more in flight together than the region may, and go on until all are sent', () => {
    fc.assert(
      fc.property(world, ({ limit, hosts, order }) => {
        const records = hosts.map((one, i) => {
          const host: HostName = names[i] ?? asHost('x');
          return evacuating(waiting(one.waiting), { host, mark: mark({ at: T0 - one.markedAt }) });
        });
        for (const which of order) {
          const record = records[which];
          if (record === undefined) continue;
          const peers = records.map(summaryOf);
          const { chosen } = choose(record, peers, SERVICES, policy(limit), T0);
          const instances = { ...record.instances };
          for (const { id } of chosen) {
            const old = instances[id];
            if (old !== undefined) instances[id] = { ...old, progress: ACCEPTED };
          }
          records[which] = { ...record, instances };
          const all = records.flatMap(({ instances: tracked }) => Object.values(tracked));
          expect(all.filter(({ progress }) => isInFlight(progress)).length).toBeLessThanOrEqual(
            limit,
          );
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('whose time has come', () => {
  it('first tries before retries; not before their time', () => {
    const retry: Progress = { ...PENDING, attempt: 2 };
    const later: Progress = { ...PENDING, notBefore: T0 + 1 };
    const record = evacuating([retry, PENDING, later, ACCEPTED]);
    expect(due(record, T0).map(([id]) => id)).toEqual([vm(2), vm(1)]);
    expect(due(record, T0 + 1)).toHaveLength(3);
  });
});
