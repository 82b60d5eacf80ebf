import { describe, expect, it } from 'vitest';
import { decide, type Decision } from '../../src/domain/decide.ts';
import { tracked, type Evacuation, type Tracked } from '../../src/domain/evacuation.ts';
import { asHost, asWorker, type InstanceId } from '../../src/domain/ids.ts';
import { violations } from '../../src/domain/invariants.ts';
import { known } from '../../src/domain/known.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { withoutLeft } from '../../src/domain/left-request.ts';
import { traced } from '../support/domain.ts';
import { SOUND, type Laws } from '../support/model/laws.ts';
import type { SmallWorld } from '../support/model/report.ts';
import { search } from '../support/model/search.ts';
import { bootBehindGate } from '../support/sim/returns.ts';
import { fail, play, PLAY_POLICY } from '../support/sim/stage.ts';
import { PARKED } from '../support/sim/troubles.ts';
import { START_MS, type Mutant, type Universe } from '../support/sim/universe.ts';

type Decide = typeof decide;

/** A deliberately broken core: which promise it breaks, how, and what shows it. */
interface Broken {
  readonly invariant: string;
  readonly how: string;
  readonly decide: Decide;
  readonly proof?: NonNullable<Mutant['proof']>;
  readonly script?: (universe: Universe) => void;
  /** Where the usual one has no such limit. */
  readonly policy?: Policy;
  /** What the cloud shows when nothing asserts the invariants; a function looks for itself. */
  readonly shows: string | ((universe: Universe) => boolean);
}

/** Changes every instance of a record. */
function everyInstance(record: Evacuation, change: (entry: Tracked, id: InstanceId) => Tracked) {
  const entries = tracked(record).map(([id, entry]) => [id, change(entry, id)] as const);
  return { ...record, instances: Object.fromEntries(entries) };
}

const withNext = (decision: Decision, change: (next: Evacuation) => Evacuation): Decision => ({
  ...decision,
  next: change(decision.next),
});

/** Somebody reports a host that is well, and vouches for nothing. */
const rumour = (universe: Universe): void => {
  universe.report('compute-1');
};

/** compute-2 fails too, but the worker that has its lease does nothing. */
function idleNeighbour(universe: Universe): void {
  const ghost = asWorker('ghost');
  void universe.store.lease(asHost('compute-2'), ghost, 3_600_000).then(() => {
    fail(universe, 'compute-2');
    fail(universe);
  });
}

/**
 * compute-2 dies while Nova calls it up, so that the first request goes into its queue; it is fenced, boots
 * and waits behind its gate. What it begins with takes it two minutes.
 */
function queuedWithTheDead(universe: Universe): void {
  const { clock, cloud } = universe;
  cloud.powerOff('compute-2');
  cloud.setGate('compute-2', true);
  cloud.setSpawnDelay('compute-2', 120_000);
  fail(universe);
  clock.at(clock.now() + 10_000, () => {
    universe.fence('compute-2');
  });
  clock.at(clock.now() + 15_000, () => {
    bootBehindGate(universe, 'compute-2');
  });
}

/** One request after the other: what was lost early is sent again when all others have been sent. */
const ONE_BY_ONE: Policy = { ...PLAY_POLICY, pace: { ...PLAY_POLICY.pace, staggerMs: 20_000 } };

const BROKEN: readonly Broken[] = [
  {
    invariant: 'QueueEmptyBeforeReturn',
    how: 'does not care what waits in the queue of a host that comes back',
    script: queuedWithTheDead,
    decide: (record, observation, policy, now) =>
      withNext(decide(record, observation, policy, now), (next) =>
        next.reasons.some(({ code }) => code === 'NH113') ? { ...next, phase: 'settled' } : next,
      ),
    // It was taken out of the queue of a host that had failed.
    shows: ({ cloud }) => cloud.host('compute-2').instances.size > 0,
  },
  {
    invariant: 'LostBeforeRepeated',
    how: 'forgets that a request was left with a failed host',
    script: queuedWithTheDead,
    policy: ONE_BY_ONE,
    decide: (record, observation, policy, now) =>
      decide(
        everyInstance(record, (entry) => withoutLeft(entry)),
        observation,
        policy,
        now,
      ),
    shows: 'a guest runs twice',
  },
  {
    invariant: 'NoEvacuateWithoutFence',
    how: 'believes that every marked host is off',
    script: rumour,
    proof: (now) => ({ source: 'power', at: now, detail: 'surely' }),
    decide: (record, observation, policy, now) =>
      withNext(decide(record, observation, policy, now), (next) => ({ ...next, proof: null })),
    shows: 'a guest runs twice',
  },
  {
    invariant: 'OneFlight',
    how: 'does not look at the evacuations that are under way',
    script: (universe) => {
      fail(universe);
      // An operator is quicker: his evacuations are under way when the worker counts.
      universe.clock.at(universe.clock.now() + 40, () => {
        const victims = universe.cloud.guests().map((guest) => guest.instanceId);
        for (const id of victims) universe.ledger.evacuateByHand(id);
      });
    },
    decide: (record, observation, policy, now) =>
      decide(record, { ...observation, migrations: known([], now) }, policy, now),
    shows: 'an evacuation overlaps another',
  },
  {
    invariant: 'IntentBeforePost',
    how: 'keeps no note of what it sends',
    decide: (record, observation, policy, now) => {
      const decision = decide(record, observation, policy, now);
      const sent = new Set(
        decision.actions.flatMap((action) => (action.do === 'evacuate' ? action.instance : [])),
      );
      return withNext(decision, (next) =>
        everyInstance(next, (entry, id) =>
          sent.has(id)
            ? {
                ...entry,
                progress: { at: 'pending', attempt: 0, after: 99, notBefore: 0, why: null },
              }
            : entry,
        ),
      );
    },
    shows: 'an evacuation overlaps another',
  },
  {
    invariant: 'UnknownNeverActs',
    how: 'takes marks that cannot be read for none',
    script: (universe) => {
      idleNeighbour(universe);
      universe.storeWeather.trouble = 0.2;
    },
    decide: (record, observation, policy, now) =>
      decide(
        record,
        observation.peers.kind === 'unknown'
          ? { ...observation, peers: known([], now) }
          : observation,
        policy,
        now,
      ),
    // Sent to a host that is dead, but that Nova still calls up.
    shows: ({ cloud }) => cloud.host('compute-2').migrationsTo.length + cloud.flights().peak > 0,
  },
  {
    invariant: 'IsolateAllBeforeEvacuatingAny',
    how: 'does not care about the other marked hosts',
    script: idleNeighbour,
    decide: (record, observation, policy, now) =>
      decide(record, { ...observation, peers: known([], now) }, policy, now),
    shows: ({ cloud }) => cloud.world.migrations.some((row) => row.createdAtMs < START_MS + 60_000),
  },
  {
    invariant: 'SettledMeansAllTerminal',
    how: 'takes accepted for done',
    decide: (record, observation, policy, now) => {
      const decision = decide(record, observation, policy, now);
      const isSent = tracked(decision.next).some(([, { progress }]) => progress.at === 'intended');
      return isSent ? withNext(decision, (next) => ({ ...next, phase: 'settled' })) : decision;
    },
    script: (universe) => {
      for (const { name } of universe.cloud.hosts()) universe.cloud.setSpawnFailure(name, 'spawn');
      fail(universe);
    },
    shows: 'settled too early',
  },
  {
    invariant: 'SettledMeansAllTerminal',
    how: 'takes a list that it did not get for an empty one',
    decide: (record, observation, policy, now) => {
      const decision = decide(record, observation, policy, now);
      const isCounting = record.phase === 'marked' && observation.inventory.kind === 'unknown';
      return isCounting ? withNext(decision, (next) => ({ ...next, phase: 'settled' })) : decision;
    },
    shows: 'an instance is forgotten',
  },
  {
    invariant: 'OnlyOursReenabled',
    how: 'enables every host that comes back',
    script: (universe) => {
      universe.ledger.park('compute-1', PARKED);
      fail(universe);
      universe.clock.at(START_MS + 120_000, () => {
        universe.cloud.setGate('compute-1', false);
        universe.cloud.powerOn('compute-1');
      });
    },
    decide: (record, observation, policy, now) => {
      const decision = decide(record, observation, policy, now);
      const services = observation.fleet.kind === 'known' ? observation.fleet.value.services : null;
      const service = services?.get(record.host);
      if (record.phase !== 'readmitting' || service === undefined || service.state === 'unknown') {
        return decision;
      }
      const enable = {
        do: 'change-service',
        service: service.id,
        change: { status: 'enabled' },
      } as const;
      return { ...decision, actions: [...decision.actions, enable] };
    },
    shows: ({ cloud }) => !cloud.host('compute-1').disabled,
  },
  {
    invariant: 'MarkSurvives',
    how: 'clears the record when its work is done',
    decide: (record, observation, policy, now) =>
      withNext(decide(record, observation, policy, now), (next) =>
        next.phase === 'settled' ? { ...next, instances: {} } : next,
      ),
    script: (universe) => {
      universe.cloud.setInstanceState(universe.cloud.guests()[0]?.instanceId ?? '', {
        vmState: 'paused',
      });
      fail(universe);
    },
    shows: 'an instance is forgotten',
  },
  {
    invariant: 'BudgetHeld',
    how: 'knows no limits',
    decide: (record, observation, policy, now) => {
      const pace = { ...policy.pace, inFlight: 99, perDestination: 99 };
      return decide(record, observation, { ...policy, pace }, now);
    },
    shows: 'too many in flight',
  },
  {
    invariant: 'HeldDoesNothing',
    how: 'goes on although an operator has paused it',
    script: (universe) => {
      const pause = { kind: 'pause', scope: { of: 'all' }, reason: 'storage work' } as const;
      const on = { ...pause, by: 'anna', since: START_MS, until: START_MS + 300_000 };
      void universe.store.setSwitchboard(0, { switches: [on], silent: [] });
      fail(universe);
    },
    decide: (record, observation, policy, now) =>
      decide(record, { ...observation, switches: known([], now) }, policy, now),
    // Before the pause has ended by itself.
    shows: ({ cloud }) =>
      cloud.world.migrations.some((row) => row.createdAtMs < START_MS + 300_000),
  },
  {
    invariant: 'BudgetHeld',
    how: 'does not count what leaves its own host',
    policy: { ...PLAY_POLICY, pace: { ...PLAY_POLICY.pace, perHost: 1 } },
    decide: (record, observation, policy, now) => {
      const pace = { ...policy.pace, perHost: null };
      return decide(record, observation, { ...policy, pace }, now);
    },
    shows: ({ cloud }) => cloud.flights().peak > 1,
  },
  {
    invariant: 'BudgetHeld',
    how: 'sends without a pause',
    policy: { ...PLAY_POLICY, pace: { ...PLAY_POLICY.pace, staggerMs: 5000 } },
    decide: (record, observation, policy, now) => {
      const pace = { ...policy.pace, staggerMs: 0 };
      return decide(record, observation, { ...policy, pace }, now);
    },
    shows: ({ cloud }) => {
      const times = cloud.world.migrations.map((row) => row.createdAtMs).sort((a, b) => a - b);
      return times.some((time, i) => i > 0 && time - (times[i - 1] ?? 0) < 4000);
    },
  },
  {
    invariant: 'EventuallySettled',
    how: 'goes to sleep for ever',
    decide: (record, observation, policy, now) => ({
      ...decide(record, observation, policy, now),
      next: record,
      actions: [],
      wakeAt: null,
    }),
    shows: 'it never settles',
  },
  {
    invariant: 'TerminalStays',
    how: 'begins anew with what is over',
    decide: (record, observation, policy, now) =>
      withNext(decide(record, observation, policy, now), (next) => ({
        ...everyInstance(next, (entry, id) =>
          record.instances[id]?.progress.at === 'skipped'
            ? {
                ...entry,
                progress: { at: 'pending', attempt: 0, after: 0, notBefore: 0, why: null },
              }
            : entry,
        ),
        phase: next.phase === 'settled' ? 'evacuating' : next.phase,
      })),
    script: (universe) => {
      universe.cloud.setInstanceState(universe.cloud.guests()[0]?.instanceId ?? '', {
        vmState: 'paused',
      });
      fail(universe);
    },
    shows: 'it never settles',
  },
];

const mutantOf = ({ proof }: Broken, core: NonNullable<Mutant['core']>): Mutant =>
  proof === undefined ? { core } : { core, proof };

describe('a broken decision core', () => {
  it.each(BROKEN)('$invariant: one that $how is stopped by the assertion', async (broken) => {
    const core = { decide: broken.decide, violations };
    const { asserted } = await play({ ...broken, mutant: mutantOf(broken, core) });
    expect(asserted).toContain(broken.invariant);
  });

  it.each(BROKEN)(
    '$invariant: one that $how, with no assertion, shows in the cloud',
    async (broken) => {
      const core = { decide: broken.decide, violations: () => [] };
      const { truth, universe } = await play({ ...broken, mutant: mutantOf(broken, core) });
      if (typeof broken.shows === 'string') expect(truth).toContain(broken.shows);
      else expect(broken.shows(universe)).toBe(true);
    },
  );

  it.each(BROKEN)(
    '$invariant: the sound one passes the same play',
    async ({ shows, ...broken }) => {
      const { script, policy } = broken;
      const { truth, universe, asserted } = await play({
        ...(script === undefined ? {} : { script }),
        ...(policy === undefined ? {} : { policy }),
      });
      expect(asserted).toBe('');
      if (typeof shows === 'string') expect(truth).not.toContain(shows);
      else expect(shows(universe)).toBe(false);
    },
  );
});

/** Stores and processes that break what the worker relies on; no decision can make up for them. */
const UNSOUND: readonly (readonly [string, Mutant, string])[] = [
  [
    'a store that acknowledges marks and loses them',
    {
      store: (sound) => ({
        ...sound,
        write: (expectation, record) =>
          expectation.epoch === null
            ? Promise.resolve({ kind: 'applied', value: { version: 1 } })
            : sound.write(expectation, record),
      }),
    },
    'the mark is lost',
  ],
];

describe('a broken store', () => {
  it.each(UNSOUND)('%s', async (_name, mutant, shows) => {
    const { truth } = await play({ mutant });
    expect(truth).toContain(shows);
  });
});

const LAWLESS: readonly (readonly [string, Partial<Laws>, Partial<SmallWorld['budget']>])[] = [
  [
    'a worker that acts without a lease',
    { mayAct: () => true, isFresh: () => true },
    { crashes: 1 },
  ],
  [
    'a worker that sends whatever is left of an old decision',
    { isFresh: () => true },
    { requests: 1 },
  ],
  [
    'a store without compare-and-set',
    { compareAndSet: false, mayAct: () => true, isFresh: () => true },
    { crashes: 1 },
  ],
  ['a worker that acts before its intents are durable', { persistFirst: false }, { crashes: 1 }],
  [
    'a core that repeats what got no answer',
    {
      decide: (record, observation, policy, now) =>
        decide(
          everyInstance(record, (entry) => {
            const { progress } = entry;
            if (progress.at !== 'intended') return entry;
            const again = { at: 'pending', notBefore: now, why: null } as const;
            const { attempt, after } = progress;
            return { ...entry, progress: { ...again, attempt, after } };
          }),
          observation,
          policy,
          now,
        ),
    },
    { requests: 1 },
  ],
  [
    'a core that takes a failed record for all that there is to say',
    {
      decide: (record, observation, policy, now) => {
        const { migrations } = observation;
        const rows = migrations.kind === 'known' ? migrations.value : [];
        const nothing = traced({ building: 'failed', fault: 'No space left' });
        const traces = new Map(rows.map(({ instance }) => [instance, known(nothing, now)]));
        return decide(record, { ...observation, traces }, policy, now);
      },
    },
    { flights: 1 },
  ],
];

describe('StaleEpochNeverActs and the order of a turn', () => {
  it.each(LAWLESS)('%s is found by searching a small world', (_name, laws, trouble) => {
    const budget = { crashes: 0, requests: 0, flights: 0, reads: 0, ...trouble };
    const found = search({ instances: 1, budget, laws: { ...SOUND, ...laws }, maxStates: 400_000 });
    expect(found.broken?.what).toMatch(/twice|durable|forgotten/);
  });
});
