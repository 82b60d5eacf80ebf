import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/store/memory.ts';
import type { Fleet, Service } from '../../src/domain/host.ts';
import { asHost, asWorker } from '../../src/domain/ids.ts';
import { known, unknown } from '../../src/domain/known.ts';
import type { FenceProof } from '../../src/domain/mark.ts';
import { applied, refused, uncertain, type WriteOutcome } from '../../src/domain/outcome.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { createFleetCache } from '../../src/engine/fleet-cache.ts';
import type { Compute, NodeWatch, Store, SwitchOff } from '../../src/engine/ports.ts';
import { createSilenceWatch } from '../../src/engine/silent-hosts.ts';
import { instance, service, T0, vm } from '../support/domain.ts';
import {
  createCounting,
  createFakeCompute,
  createKeptLog,
  createStandingClock,
} from '../support/engine.ts';
import {
  before,
  diedPolicy,
  labelled,
  MINUTE,
  S1,
  silenceLook,
  silent,
} from '../support/silence.ts';

interface Bed {
  readonly policy?: Policy;
  readonly services?: readonly Service[];
  readonly compute?: Partial<Compute>;
  readonly nodes?: NodeWatch;
  readonly off?: () => Promise<WriteOutcome<FenceProof>>;
  readonly store?: (sound: Store) => Store;
  readonly proof?: () => FenceProof | null;
}

/** A worker's look after silent services, on a cloud whose first host is silent. */
function createBed(given: Bed = {}) {
  const { policy = diedPolicy('report'), off = () => Promise.resolve(refused('not-sent', 'no')) } =
    given;
  const clock = createStandingClock();
  const memory = createMemoryStore({ clock });
  const log = createKeptLog();
  const world = { services: given.services ?? [silent(S1)], offs: 0 };
  const fleet = (): Fleet => silenceLook({ services: world.services }).fleet;
  const compute = createFakeCompute({
    fleet: () => {
      compute.calls.push('fleet');
      return Promise.resolve(known(fleet(), clock.now()));
    },
    instancesOn: () => {
      compute.calls.push('instances');
      return Promise.resolve(known([instance(vm(1), { host: S1 })], clock.now()));
    },
    ...given.compute,
  });
  const switchOff: SwitchOff = {
    source: 'power',
    objection: () => Promise.resolve(null),
    off: () => {
      world.offs += 1;
      return off();
    },
  };
  const make = (name: string) =>
    createSilenceWatch({
      store: given.store?.(memory) ?? memory,
      compute,
      fencing: { proof: () => Promise.resolve(known(given.proof?.() ?? null, clock.now())) },
      clock,
      log,
      fleet: createFleetCache(compute, clock),
      worker: asWorker(name),
      leaseMs: 15_000,
      policy: () => policy,
      chance: createCounting(),
      nodes: given.nodes ?? null,
      switches: [switchOff],
    });
  const watch = make('w1');
  /** One look, a minute later. */
  const look = async (by = watch): Promise<readonly string[]> => {
    clock.pass(MINUTE);
    const from = compute.calls.length;
    const list = await memory.list();
    by.look(list.kind === 'known' ? list.value : [], fleet());
    await by.idle();
    // What goes on in the background has been told by then.
    await new Promise(setImmediate);
    return compute.calls.slice(from);
  };
  const board = async () => {
    const read = await memory.switchboard();
    if (read.kind === 'unknown') throw new Error(read.why);
    return read.value.silent;
  };
  const phase = async () => {
    const read = await memory.read(S1);
    return read.kind === 'known' ? (read.value?.evacuation ?? null) : null;
  };
  return { clock, memory, log, world, compute, look, board, phase, make };
}

const RUNNING = service(S1, { updatedAt: before(0) });

describe('looking after silent services', () => {
  it('costs nothing while all of them report', async () => {
    const bed = createBed({ services: [RUNNING] });
    let reads = 0;
    const counting: Store = {
      ...bed.memory,
      switchboard: () => {
        reads += 1;
        return bed.memory.switchboard();
      },
    };
    const counted = createBed({ services: [RUNNING], store: () => counting });
    for (let i = 0; i < 6; i += 1) expect(await counted.look()).toEqual([]);
    expect(reads).toBe(2);
  });

  it('says it once, for two requests, and then asks Nova nothing more', async () => {
    const bed = createBed();
    expect([...(await bed.look())].sort()).toEqual(['fleet', 'instances']);
    for (let i = 0; i < 5; i += 1) expect(await bed.look()).toEqual([]);
    expect(bed.log.lines).toHaveLength(1);
    expect(bed.log.lines[0]).toMatch(/^the nova-compute .* \(NH224\)\. Remedy: start/);
    expect(await bed.memory.history({ host: S1, limit: 9 })).toMatchObject({
      value: [{ what: 'silent' }],
    });
    bed.world.services = [RUNNING];
    await bed.look();
    expect(await bed.board()).toEqual([]);
    expect(bed.log.lines.at(-1)).toBe('The nova-compute of compute-1 reports again.');
  });

  it('is told by one of several workers', async () => {
    const bed = createBed();
    const other = bed.make('w2');
    await Promise.all([bed.look(), bed.look(other)]);
    expect(bed.log.lines).toHaveLength(1);
  });

  it('does nothing while another worker has the lease, and nothing when the store is away', async () => {
    const bed = createBed();
    await bed.memory.lease(asHost('_nova-ha-silent'), asWorker('w9'), 999_999);
    await bed.look();
    expect(await bed.board()).toEqual([]);
    const away = createBed({
      store: (sound) => ({ ...sound, switchboard: () => Promise.resolve(unknown('away')) }),
    });
    expect(await away.look()).toEqual([]);
  });

  it('disables, sees it, and enables after it has reported for a while', async () => {
    const bed = createBed({ policy: diedPolicy('disable') });
    const label =
      'change service-of-compute-1 {"status":"disabled","disabledReason":"nova-ha: ev-1 silent"}';
    expect(await bed.look()).toContain(label);
    // The request was lost: it is made once more, for the same event.
    expect(await bed.look()).toContain(label);
    bed.world.services = [labelled(S1)];
    await bed.look();
    expect(await bed.board()).toMatchObject([{ disabled: true }]);
    expect(await bed.look()).toEqual([]);
    bed.world.services = [labelled(S1, { state: 'up', updatedAt: before(0) })];
    expect(await bed.look()).toEqual(['fleet', 'aggregates']);
    expect(await bed.look()).toContain('change service-of-compute-1 {"status":"enabled"}');
    bed.world.services = [RUNNING];
    await bed.look();
    expect(await bed.board()).toEqual([]);
  });

  it('says what Nova answers to that, and tries again', async () => {
    const bed = createBed({
      policy: diedPolicy('disable'),
      compute: { changeService: () => Promise.resolve(refused('forbidden', 'policy', 403)) },
    });
    await bed.look();
    expect(bed.log.lines.at(-1)).toMatch(/could not be disabled: policy/);
  });

  it('goes by a list that is read right before: what reports meanwhile is left alone', async () => {
    const bed = createBed({
      policy: diedPolicy('fence'),
      compute: {
        fleet: () =>
          Promise.resolve(known(silenceLook({ services: [RUNNING] }).fleet, T0 + MINUTE)),
      },
    });
    await bed.look();
    expect(bed.world.offs).toBe(0);
    expect(await bed.board()).toEqual([]);
  });

  it('does nothing when the store does not take what was decided', async () => {
    for (const outcome of [refused('wrong-state', 'somebody was faster'), uncertain('time-out')]) {
      const bed = createBed({
        policy: diedPolicy('fence'),
        store: (sound) => ({ ...sound, setSwitchboard: () => Promise.resolve(outcome) }),
      });
      await bed.look();
      expect(bed.world.offs).toBe(0);
      expect(bed.log.lines).toEqual([]);
    }
  });

  it('forgets what reports again although nobody knew that the entry was taken', async () => {
    let isUncertain = true;
    const bed = createBed({
      store: (sound) => ({
        ...sound,
        setSwitchboard: async (...args) => {
          const outcome = await sound.setSwitchboard(...args);
          if (!isUncertain) return outcome;
          isUncertain = false;
          return uncertain('no answer in time');
        },
      }),
    });
    await bed.look();
    expect(await bed.board()).toHaveLength(1);
    bed.world.services = [RUNNING];
    await bed.look();
    expect(await bed.board()).toEqual([]);
  });

  it('forgets what another worker wrote that is no more', async () => {
    const bed = createBed();
    const heir = bed.make('w2');
    bed.world.services = [RUNNING];
    await bed.look(heir);
    bed.world.services = [silent(S1)];
    await bed.look();
    bed.world.services = [RUNNING];
    for (let i = 0; i < 4; i += 1) await bed.look(heir);
    expect(await bed.board()).toEqual([]);
  });

  it('tells of a control plane in trouble once, and of none of its hosts', async () => {
    const services = [1, 2, 3, 4].map((n) => silent(asHost(`compute-${String(n)}`)));
    const bed = createBed({ services, policy: diedPolicy('fence') });
    for (let i = 0; i < 3; i += 1) await bed.look();
    expect(bed.log.lines).toEqual([expect.stringMatching(/^4 of 6 compute services are silent/)]);
    expect(await bed.board()).toEqual([]);
  });
});

describe('a silent host that is to be switched off', () => {
  const fence = diedPolicy('fence');
  const proof = (at: number): FenceProof => ({ source: 'power', at, detail: 'off' });

  it('is marked with the proof, by whoever did it, and is a case no more', async () => {
    const bed = createBed({
      policy: fence,
      off: () => Promise.resolve(applied(proof(T0 + 2 * MINUTE))),
    });
    await bed.look();
    expect(bed.world.offs).toBe(1);
    expect(await bed.phase()).toMatchObject({
      phase: 'marked',
      mark: { origin: 'fence-agent', by: 'w1', claim: { source: 'power' }, at: T0 + 2 * MINUTE },
    });
    await bed.look();
    expect(await bed.board()).toEqual([]);
    expect(bed.world.offs).toBe(1);
  });

  it.each([
    ['refused', refused('not-sent', 'no device'), /not switched off: no device/],
    ['unknown', uncertain('time-out'), /not switched off: it may have been switched off/],
  ] as const)('is not asked for again after an answer that is %s', async (_name, outcome, told) => {
    const bed = createBed({ policy: fence, off: () => Promise.resolve(outcome) });
    for (let i = 0; i < 8; i += 1) await bed.look();
    expect(bed.world.offs).toBe(1);
    expect(await bed.phase()).toBeNull();
    const [entry] = await bed.board();
    expect(entry?.why.code).toBe('NH227');
    expect(bed.log.lines.join('\n')).toMatch(told);
  });

  it('is not asked for again by a worker that is started anew', async () => {
    const bed = createBed({ policy: fence, off: () => new Promise(() => undefined) });
    await bed.look();
    const next = bed.make('w2');
    for (let i = 0; i < 8; i += 1) await bed.look(next);
    expect(bed.world.offs).toBe(1);
    expect(await bed.board()).toMatchObject([{ why: { code: 'NH227' }, asked: T0 + MINUTE }]);
  });

  it('is marked by the next worker where only a proof is left of the request', async () => {
    let off = false;
    const bed = createBed({
      policy: fence,
      off: () => new Promise(() => undefined),
      proof: () => (off ? proof(T0 + 90_000) : null),
    });
    await bed.look();
    const next = bed.make('w2');
    await bed.look(next);
    expect(await bed.phase()).toBeNull();
    off = true;
    await bed.look(next);
    expect(await bed.phase()).toMatchObject({ phase: 'marked', mark: { by: 'w2' } });
  });

  it('is left to Pacemaker once that has lost its node', async () => {
    const nodes: NodeWatch = { presence: () => Promise.resolve(known('lost', T0)) };
    const bed = createBed({ policy: fence, nodes });
    await bed.look();
    expect(bed.world.offs).toBe(0);
    expect(await bed.board()).toMatchObject([{ why: { code: 'NH227' } }]);
  });
});
