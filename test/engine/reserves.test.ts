import { describe, expect, it } from 'vitest';
import {
  decodeRecord,
  decodeSummary,
  encodeRecord,
  encodeSummary,
} from '../../src/adapters/store/codec.ts';
import { createOpenStack } from '../../src/adapters/openstack/openstack.ts';
import type { Service } from '../../src/domain/host.ts';
import { asHost } from '../../src/domain/ids.ts';
import { known, unknown } from '../../src/domain/known.ts';
import { wholeHost } from '../../src/domain/mark.ts';
import { refused, uncertain } from '../../src/domain/outcome.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import { because, sentenceOf } from '../../src/domain/reason.ts';
import type { Reserve } from '../../src/domain/reserve.ts';
import { summaryOf } from '../../src/domain/summary.ts';
import { takeOver } from '../../src/domain/take-over.ts';
import { explainPlan, explainRecord } from '../../src/engine/explain.ts';
import { markHost } from '../../src/engine/mark-host.ts';
import { observe } from '../../src/engine/observe.ts';
import { performOnReserve, type ReserveAction } from '../../src/engine/perform-on-reserve.ts';
import { planHost } from '../../src/engine/plan-host.ts';
import { reportOf } from '../../src/engine/report.ts';
import {
  evacuating,
  fleet,
  H1,
  H2,
  instance,
  isolated,
  mark,
  peer,
  PENDING,
  service,
  T0,
  vm,
} from '../support/domain.ts';
import { createFakeCompute, createKeptLog, createParts } from '../support/engine.ts';
import { fullRecord } from '../support/record.ts';
import { aggregate, claim, claiming, R1, reserving, spare } from '../support/reserves.ts';
import { createLab } from '../support/simulated-cloud.ts';
import { ADMIN, simulatedHttp } from '../support/simulated-http.ts';

const RESERVE: Reserve = {
  since: T0,
  claims: [
    claim('claimed'),
    claim('enabling', { added: [1, 2], asked: T0 }),
    claim('taken', { opened: true, reason: null }),
    claim('returning', { undone: T0, shut: true }),
    claim('reopening'),
  ],
  ended: [{ host: R1, why: because('NH217', { reserve: R1 }) }],
  none: because('NH216', { host: H1, detail: 'none' }),
};

describe('a record with reserved hosts', () => {
  it('is written and read as it is, and so is its summary', () => {
    const host = asHost('compute-1');
    const record = { ...fullRecord(3), reserve: RESERVE };
    expect(decodeRecord(encodeRecord(record), host)).toEqual({ kind: 'decoded', value: record });
    const summary = summaryOf(record);
    expect(summary.reserves).toEqual({ [R1]: 'taken' });
    expect(decodeSummary(encodeSummary(summary), host)).toEqual({
      kind: 'decoded',
      value: summary,
    });
    const damaged = encodeRecord(record).replace('"enabling"', '"taking"');
    expect(decodeRecord(damaged, host)).toMatchObject({ kind: 'damaged' });
  });

  it('of an earlier build is one without', () => {
    const record = fullRecord(3);
    expect(encodeRecord(record)).not.toContain('reserve');
    expect(encodeRecord(record)).not.toContain('aimed');
    expect('reserves' in summaryOf(record)).toBe(false);
  });

  it('counts from now on for a new leaseholder, whose clock is another', () => {
    const later = { ...RESERVE, since: T0 + 1e9, claims: [claim('enabling', { asked: T0 - 1e9 })] };
    const record = evacuating([], { reserve: later });
    expect(takeOver(record, DEFAULT_POLICY, T0).reserve).toMatchObject({
      since: T0,
      claims: [{ since: T0, asked: T0 }],
    });
  });

  it('keeps what it has claimed when the host fails once more', async () => {
    const { store, ...parts } = createParts();
    const taken = claim('taken');
    const closed = { ...claiming([taken]), phase: 'closed' as const };
    await store.write({ version: 0, epoch: null }, closed);
    await markHost({ store, ...parts }, { ...mark(), host: H1, request: wholeHost });
    const read = await store.read(H1);
    expect(read).toMatchObject({
      value: { evacuation: { phase: 'marked', reserve: { claims: [taken] } } },
    });
  });

  it('says so in status and explain', () => {
    const record = claiming([claim('taken')], {
      reserve: { ...RESERVE, claims: [claim('taken')] },
    });
    expect(reportOf(record, T0).reasons.map(({ code }) => code)).toEqual(['NH216', 'NH217']);
    const { facts, reasons } = explainRecord(record, reserving(), T0);
    expect(facts.find(([name]) => name === 'reserve')?.[1]).toContain(`${R1} is enabled for it`);
    expect(reasons.map(({ code }) => code)).toContain('NH217');
  });
});

describe('a look at reserved hosts', () => {
  const look = async (record: Parameters<typeof observe>[1], policy = reserving()) => {
    const { compute, ...parts } = createParts();
    const seen = await observe({ ...parts, compute, policy }, record, [], T0);
    return { calls: compute.calls, seen };
  };

  it('costs nothing while none is claimed and none can be', async () => {
    const plain = await look(evacuating([PENDING]), DEFAULT_POLICY);
    const taking = await look(evacuating([PENDING]));
    expect(taking.calls).toEqual(plain.calls);
  });

  it('is taken afresh while a claim is on its way', async () => {
    const { calls } = await look(claiming([claim('claimed')]));
    expect(calls).toContain('fleet');
    const { seen } = await look(claiming([claim('taken')], { phase: 'settled' }));
    expect(seen.peers.kind).toBe('known');
    expect(seen.reserveGuests?.get(R1)).toEqual(known(0, T0));
    const going = await look(claiming([claim('returning')]));
    expect(going.seen.reserveGuests?.has(R1)).toBe(true);
  });
});

describe('what is asked of Nova for a reserved host', () => {
  const act = async (
    action: ReserveAction,
    compute: Parameters<typeof createFakeCompute>[0] = {},
  ) => {
    const log = createKeptLog();
    const parts = createParts({ compute });
    await performOnReserve({ ...parts, log }, H1, action, () => true);
    return { calls: parts.compute.calls, lines: log.lines };
  };
  const join: ReserveAction = { do: 'join-aggregate', host: R1, aggregate: 7 };
  const leave: ReserveAction = { do: 'leave-aggregate', host: R1, aggregate: 7 };
  const enable: ReserveAction = {
    do: 'change-reserve',
    host: R1,
    service: 's',
    change: { status: 'enabled' },
  };

  it('is one call each', async () => {
    expect((await act(join)).calls).toEqual([`join 7 ${R1}`]);
    expect((await act(leave)).calls).toEqual([`leave 7 ${R1}`]);
    expect((await act(enable)).calls).toEqual(['change s {"status":"enabled"}']);
  });

  it('is not asked for when an operator was quicker', async () => {
    const as = (change: Partial<Service>) => ({
      fleet: () => Promise.resolve(known(fleet([service(R1, change)]), T0)),
    });
    const reserved = { status: 'disabled', disabledReason: 'reserved' } as const;
    const careful = { ...enable, expected: reserved };
    expect((await act(careful, as(reserved))).calls).toContain('change s {"status":"enabled"}');
    const parked = await act(careful, as({ ...reserved, disabledReason: 'broken' }));
    expect(parked.calls).not.toContain('change s {"status":"enabled"}');
    expect(parked.lines).toEqual([expect.stringContaining('somebody has changed it meanwhile')]);
    const blind = await act(careful, { fleet: () => Promise.resolve(unknown('503')) });
    expect(blind.lines).toEqual([expect.stringContaining('it cannot be looked at (503)')]);
    expect(blind.calls).toEqual([]);
  });

  it('is as good as done when it was so already, and told when Nova refuses or says nothing', async () => {
    const answer = (outcome: ReturnType<typeof refused>) => ({
      joinAggregate: () => Promise.resolve(outcome),
      leaveAggregate: () => Promise.resolve(outcome),
    });
    const there = refused('wrong-state', 'Aggregate 7 already has host spare-1.', 409);
    expect((await act(join, answer(there))).lines).toEqual([]);
    expect(
      (await act(leave, answer(refused('not-found', 'Cannot remove host', 404)))).lines,
    ).toEqual([]);
    const zone = refused('wrong-state', 'One or more hosts already in availability zone(s)', 409);
    expect((await act(join, answer(zone))).lines[0]).toMatch(/Nova refused to add .* aggregate 7/);
    const lost = { changeService: () => Promise.resolve(uncertain('time-out')) };
    expect((await act(enable, lost)).lines[0]).toMatch(/Whether Nova did as asked \(to enable/);
  });

  it('is what a Nova does: added once, refused in another zone, removed once', async () => {
    const { cloud, clock } = createLab();
    const { compute } = createOpenStack({
      cloud: ADMIN,
      clock,
      log: createKeptLog(),
      http: simulatedHttp(cloud),
    });
    const first = cloud.createAggregate('a', { zone: 'z1' });
    const other = cloud.createAggregate('b', { zone: 'z2' });
    expect(await compute.joinAggregate(first, H2)).toMatchObject({ kind: 'applied' });
    const services = await compute.fleet();
    expect(services.kind === 'known' && services.value.services.get(H2)).toMatchObject({
      zone: 'z1',
    });
    expect(await compute.joinAggregate(first, H2)).toMatchObject({
      refusal: {
        cause: 'wrong-state',
        message: expect.stringContaining('already has host') as string,
      },
    });
    expect(await compute.joinAggregate(other, H2)).toMatchObject({
      refusal: { status: 409, message: expect.stringContaining("zone(s) ['z1']") as string },
    });
    expect(await compute.leaveAggregate(first, H2)).toMatchObject({ kind: 'applied' });
    expect(await compute.leaveAggregate(first, H2)).toMatchObject({ refusal: { status: 404 } });
    expect(await compute.joinAggregate(99, H2)).toMatchObject({ refusal: { status: 404 } });
  });
});

describe('the plan of a host', () => {
  const plan = async (
    policy = reserving(),
    change: Parameters<typeof createFakeCompute>[0] = {},
  ) => {
    const services = fleet([service(H1, { state: 'down' }), service(H2), spare(R1)]);
    const compute = createFakeCompute({
      fleet: () => Promise.resolve(known(services, T0)),
      instancesOn: () => Promise.resolve(known([instance(vm(1))], T0)),
      ...change,
    });
    const { store } = createParts();
    const made = await planHost({ compute, store, policy, now: T0 }, H1, wholeHost);
    if (made.kind === 'unknown') throw new Error(made.why);
    return { plan: made.value, calls: compute.calls, store };
  };

  it('says which reserved host would be taken, and when', async () => {
    const always = await plan();
    expect(always.plan.reserve).toMatchObject({
      code: 'NH337',
      values: { reserve: R1, count: '1' },
    });
    const needed = (await plan(reserving({ when: 'needed' }))).plan;
    expect(needed.reserve === null ? '' : sentenceOf(needed.reserve)).toContain(
      'if an instance finds no room',
    );
    const [, text] = explainPlan(needed).facts.find(([name]) => name === 'reserve') ?? [];
    expect(text).toContain(R1);
  });

  it('says why none would be', async () => {
    const services = fleet([
      service(H1, { state: 'down' }),
      service(H2),
      spare(R1, { zone: 'z2' }),
    ]);
    const made = await plan(reserving(), { fleet: () => Promise.resolve(known(services, T0)) });
    expect(made.plan.reserve).toMatchObject({ code: 'NH216' });
    const blind = await plan(reserving({ match: 'aggregate' }), {
      aggregates: () => Promise.resolve(unknown('403')),
    });
    expect(blind.plan.reserve).toMatchObject({ code: 'NH104' });
    const inRack = await plan(reserving({ match: 'aggregate' }), {
      aggregates: () => Promise.resolve(known([aggregate(1, [H1, R1])], T0)),
    });
    expect(inRack.plan.reserve).toMatchObject({ code: 'NH337' });
  });

  it('asks for nothing more where the policy takes none', async () => {
    // Nor do thresholds ask for them.
    const storm = { ...DEFAULT_POLICY.storm, aggregateKey: '' };
    const none = await plan({ ...DEFAULT_POLICY, storm });
    expect(none.plan.reserve).toBeNull();
    expect(none.calls).not.toContain('aggregates');
  });

  it('knows what is claimed for others', async () => {
    const { store } = createParts();
    await store.write({ version: 0, epoch: null }, claiming([claim('taken')], { host: H2 }));
    const services = fleet([service(H1, { state: 'down' }), isolated(H2), spare(R1)]);
    const compute = createFakeCompute({ fleet: () => Promise.resolve(known(services, T0)) });
    const made = await planHost({ compute, store, policy: reserving(), now: T0 }, H1, wholeHost);
    expect(made).toMatchObject({ value: { reserve: { code: 'NH216' } } });
    expect(peer(H2, { reserves: { [R1]: 'taken' } }).reserves).toBeDefined();
  });
});
