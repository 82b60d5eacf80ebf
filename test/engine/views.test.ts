import { describe, expect, it } from 'vitest';
import { known, unknown } from '../../src/domain/known.ts';
import { wholeHost } from '../../src/domain/mark.ts';
import { refused, uncertain } from '../../src/domain/outcome.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import { because } from '../../src/domain/reason.ts';
import { isolateHost, settled } from '../../src/engine/isolate-host.ts';
import { planHost } from '../../src/engine/plan-host.ts';
import { rebuildMarks } from '../../src/engine/rebuild.ts';
import { reportOf } from '../../src/engine/report.ts';
import { everyProgress } from '../support/record.ts';
import {
  ACCEPTED,
  evacuating,
  EVENT,
  fleet,
  H1,
  H2,
  H3,
  instance,
  isolated,
  PENDING,
  service,
  T0,
  vm,
} from '../support/domain.ts';
import { createFakeCompute, createParts, withWrites } from '../support/engine.ts';

const healthy = { fleet: () => Promise.resolve(known(fleet([service(), service(H2)]), T0)) };
const marked = evacuating([], { phase: 'marked', isolation: null });

describe('isolating at once, as the fence agent does', () => {
  it('notes what the service was before it changes it', async () => {
    const parts = createParts({ compute: healthy });
    await parts.store.write({ version: 0, epoch: null }, marked);
    expect((await isolateHost(parts, H1)).kind).toBe('applied');
    expect(parts.compute.calls.join()).toContain('"forcedDown":true');
    expect(await parts.store.read(H1)).toMatchObject({
      value: { evacuation: { isolation: { before: { status: 'enabled' }, seen: false } } },
    });
  });

  it('changes nothing when all is done, or when the note could not be made', async () => {
    const done = createParts();
    await done.store.write({ version: 0, epoch: null }, marked);
    expect((await isolateHost(done, H1)).kind).toBe('applied');
    const told = uncertain('no answer');
    const parts = createParts({
      compute: healthy,
      store: (sound) => withWrites(sound, [{ done: false, told }]),
    });
    await parts.memory.write({ version: 0, epoch: null }, marked);
    expect(await isolateHost(parts, H1)).toEqual(told);
    expect(parts.compute.calls.filter((call) => call.startsWith('change'))).toEqual([]);
  });

  it('looks again when a worker was quicker, and sends nothing that the worker has sent', async () => {
    let services = fleet([service(), service(H2)]);
    const parts = createParts({
      compute: { fleet: () => Promise.resolve(known(services, T0)) },
      store: (sound) => ({
        ...sound,
        write: async (expectation, record) => {
          const { isolation } = record;
          const theirs = isolation === null ? null : { ...isolation, since: T0 + 1 };
          await sound.write(expectation, { ...record, isolation: theirs });
          return sound.write(expectation, record);
        },
      }),
    });
    await parts.memory.write({ version: 0, epoch: null }, marked);
    const { sleep } = parts.clock;
    parts.clock.sleep = () => {
      services = fleet([isolated(), service(H2)]);
      return sleep();
    };
    expect((await isolateHost(parts, H1)).kind).toBe('applied');
    expect(parts.compute.calls.filter((call) => call.startsWith('change'))).toEqual([]);
  });

  it('isolates the host itself when the worker that was quicker does not', async () => {
    const parts = createParts({
      compute: healthy,
      store: (sound) => withWrites(sound, [{ done: true, told: refused('wrong-state', 'v2') }]),
    });
    await parts.memory.write({ version: 0, epoch: null }, marked);
    expect((await isolateHost(parts, H1)).kind).toBe('applied');
    expect(parts.compute.calls.join()).toContain('"forcedDown":true');
  });

  it.each([
    ['Nova is away', { fleet: () => Promise.resolve(unknown('503')) }, marked, 'not-sent'],
    [
      'Nova does not know it',
      { fleet: () => Promise.resolve(known(fleet([]), T0)) },
      marked,
      'not-found',
    ],
    [
      'its cell is away',
      { fleet: () => Promise.resolve(known(fleet([{ host: H1, state: 'unknown' }]), T0)) },
      marked,
      'not-sent',
    ],
    ['it is not marked', healthy, evacuating([], { phase: 'closed' }), 'wrong-state'],
  ] as const)('is refused when %s', async (_name, compute, record, cause) => {
    const parts = createParts({ compute });
    await parts.store.write({ version: 0, epoch: null }, record);
    expect(await isolateHost(parts, H1)).toMatchObject({ kind: 'refused', refusal: { cause } });
  });

  it.each([
    ['marked', false],
    ['evacuating', false],
    ['settled', true],
    ['readmitting', true],
    ['closed', true],
  ] as const)('nova-compute may start on a host that is %s: %s', async (phase, may) => {
    const parts = createParts();
    expect(await settled(parts.store, H1)).toMatchObject({ value: true });
    await parts.store.write({ version: 0, epoch: null }, evacuating([], { phase }));
    expect(await settled(parts.store, H1)).toMatchObject({ kind: 'known', value: may });
    const away = { ...parts.store, read: () => Promise.resolve(unknown('away')) };
    expect((await settled(away, H1)).kind).toBe('unknown');
  });
});

describe('rebuilding marks from Nova', () => {
  const rebuild = async (
    services: Parameters<typeof fleet>[0],
    recorded: readonly string[] = [],
  ) => {
    const parts = createParts();
    const rebuilt = await rebuildMarks(parts, fleet(services), new Set(recorded as (typeof H1)[]));
    const stored = await parts.store.read(H1);
    return { rebuilt, record: stored.kind === 'known' ? stored.value?.evacuation : undefined };
  };

  it('a host that is disabled with our reason was marked by that event', async () => {
    const { rebuilt, record } = await rebuild([isolated()]);
    expect(rebuilt).toEqual([H1]);
    expect(record).toMatchObject({
      phase: 'marked',
      mark: { event: EVENT, origin: 'rebuilt', claim: { source: 'mark' } },
      lostAt: T0,
      isolation: { before: { status: 'enabled', forcedDown: false } },
    });
  });

  it('as far as the reason says, and no more trusted than it was', async () => {
    const over = await rebuild([isolated(H1, { disabledReason: `nova-ha: ${EVENT} evacuated` })]);
    expect(over.record).toMatchObject({ phase: 'settled', mark: { claim: null } });
  });

  it('and the force-down of an operator stays his', async () => {
    const disabledReason = `nova-ha: ${EVENT} evacuating (fenced) (was forced down)`;
    const { record } = await rebuild([isolated(H1, { disabledReason })]);
    expect(record?.isolation?.before).toMatchObject({ status: 'enabled', forcedDown: true });
  });

  it.each([
    ['recorded', isolated(), [H1]],
    ['disabled by an operator', isolated(H1, { disabledReason: 'rack 4' }), []],
    ['enabled', service(), []],
    ['in a cell that is away', { host: H1, state: 'unknown' as const }, []],
  ])('not one that is %s', async (_name, shown, recorded) => {
    expect((await rebuild([shown], recorded)).rebuilt).toEqual([]);
  });
});

describe('the report of a host', () => {
  it('has a row for every instance, with the way out where one is needed', () => {
    const report = reportOf(evacuating(everyProgress), T0 + 60_000);
    expect(report.total).toBe(everyProgress.length);
    for (const { remedy, detail, code } of report.rows) {
      expect(detail).not.toBe('');
      expect(remedy === null).toBe(code === null);
    }
    const stuck = evacuating([
      {
        at: 'stuck',
        attempt: 1,
        since: T0,
        after: 0,
        migration: 1,
        destination: H3,
        why: because('NH412', { status: 'done' }),
      },
    ]);
    expect(reportOf(stuck, T0).rows[0]?.remedy).toContain(`${H1} ${vm(1)}`);
  });

  it('says when it may be over, by what came so far', () => {
    const landed = { at: 'landed', destination: H2, since: T0, restored: 'as-it-was' } as const;
    const half = evacuating([landed, landed, PENDING, ACCEPTED]);
    expect(reportOf(half, T0 + 60_000).etaMs).toBe(60_000);
    expect(reportOf(evacuating([PENDING]), T0 + 60_000).etaMs).toBeNull();
    expect(reportOf({ ...half, phase: 'settled' }, T0 + 60_000).etaMs).toBeNull();
  });

  it('an instance that could not be stopped again says so', () => {
    const left = { at: 'landed', destination: H2, since: T0, restored: 'failed' } as const;
    expect(reportOf(evacuating([left]), T0).rows[0]).toMatchObject({ code: 'NH411' });
  });
});

describe('the plan for a host', () => {
  const plan = async (compute: Parameters<typeof createFakeCompute>[0]) =>
    planHost(
      { compute: createFakeCompute(compute), policy: DEFAULT_POLICY, now: T0 },
      H1,
      wholeHost,
    );

  it('tells of every instance what would become of it, and changes nothing', async () => {
    const compute = createFakeCompute({
      instancesOn: () =>
        Promise.resolve(known([instance(vm(1)), instance(vm(2), { vmState: 'paused' })], T0)),
    });
    const made = await planHost({ compute, policy: DEFAULT_POLICY, now: T0 }, H1, wholeHost);
    expect(made).toMatchObject({
      value: {
        instances: [{ verdict: 'evacuate' }, { verdict: 'skip', why: { code: 'NH301' } }],
        problems: [],
      },
    });
    expect(new Set(compute.calls)).toEqual(new Set(['fleet', 'groups', 'migrations']));
  });

  it.each([
    ['a living host', [service()], 'NH602'],
    ['an unknown one', [service(H2)], 'NH103'],
    ['one in a cell that is away', [{ host: H1, state: 'unknown' as const }], 'NH104'],
  ])('%s has a problem', async (_name, services, code) => {
    const made = await plan({ fleet: () => Promise.resolve(known(fleet(services), T0)) });
    expect(made).toMatchObject({ value: { problems: [{ code }] } });
  });

  it.each(['fleet', 'instancesOn', 'groups'] as const)('is unknown when %s is', async (what) => {
    expect(await plan({ [what]: () => Promise.resolve(unknown('503')) })).toEqual(unknown('503'));
  });
});
