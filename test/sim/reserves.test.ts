import { describe, expect, it } from 'vitest';
import { decide, type Decision } from '../../src/domain/decide.ts';
import { violations } from '../../src/domain/invariants.ts';
import { known } from '../../src/domain/known.ts';
import type { Observation } from '../../src/domain/observation.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.ts';
import type { ReserveClaim, ReservePolicy } from '../../src/domain/reserve.ts';
import { summaryOf } from '../../src/domain/summary.ts';
import { fail, play, PLAY_POLICY, type Ending } from '../support/sim/stage.ts';
import type { Universe } from '../support/sim/universe.ts';

const RESERVED = 'reserved for failures';

const reserving = (change: Partial<ReservePolicy> = {}): Pick<Policy, 'reserve'> => ({
  reserve: { ...DEFAULT_POLICY.reserve, when: 'always', addToAggregates: true, ...change },
});

/** compute-4 is kept in reserve, compute-1 and perhaps compute-2 fail. */
function failing(...hosts: readonly string[]) {
  return (universe: Universe): void => {
    universe.ledger.park('compute-4', RESERVED);
    universe.cloud.createAggregate('gold', { hosts: ['compute-1', 'compute-2'] });
    universe.cloud.boot({ host: 'compute-2', count: 2 });
    for (const host of hosts) fail(universe, host);
  };
}

/** The first request that enables a reserved host lies in front of Nova for a while. */
function slowly(script: (universe: Universe) => void) {
  return (universe: Universe): void => {
    const { weather } = universe;
    weather.fate = (_process, { method, body }) => {
      if (method !== 'PUT' || !JSON.stringify(body).includes('"enabled"')) return null;
      delete weather.fate;
      return 'late';
    };
    script(universe);
  };
}

/** Reserved hosts that two records had taken at the same time, at any time. */
function takenTwice() {
  const holders = new Map<string, string>();
  const twice: string[] = [];
  return {
    twice,
    note: (record: Parameters<typeof summaryOf>[0]): void => {
      const { host, reserves = {} } = summaryOf(record);
      for (const [reserve, holder] of [...holders]) if (holder === host) holders.delete(reserve);
      for (const [reserve, at] of Object.entries(reserves)) {
        if (at !== 'taken') continue;
        const holder = holders.get(reserve);
        if (holder !== undefined) twice.push(`${reserve}: ${holder} and ${host}`);
        holders.set(reserve, host);
      }
    },
  };
}

type Decide = typeof decide;

/** A core that is wrong about reserved hosts, and what the cloud shows of it. */
interface Broken {
  readonly how: string;
  readonly decide: Decide;
  readonly script: (universe: Universe) => void;
  readonly shows: (ending: Ending, twice: readonly string[]) => boolean;
}

/** Goes on from the claim to the act in one turn. */
const hasty: Decide = (record, observation, policy, now) => {
  const decision = decide(record, observation, policy, now);
  const { reserve } = decision.next;
  const claim = reserve?.claims.find(({ at }) => at === 'claimed');
  const services = observation.fleet.kind === 'known' ? observation.fleet.value.services : null;
  const service = claim === undefined ? undefined : services?.get(claim.host);
  if (reserve === undefined || claim === undefined || service?.state !== 'up') return decision;
  const taken: ReserveClaim = { ...claim, at: 'enabling', asked: now };
  const put = {
    do: 'change-reserve',
    host: claim.host,
    service: service.id,
    change: { status: 'enabled' },
  } as const;
  return {
    ...decision,
    next: { ...decision.next, reserve: { ...reserve, claims: [taken] } },
    actions: [...decision.actions, put],
  };
};

/** Sees no claims of others, and finds every reserved host disabled still. */
const selfish: Decide = (record, observation, policy, now) => {
  const { peers } = observation;
  const alone: Observation =
    peers.kind === 'unknown'
      ? observation
      : {
          ...observation,
          peers: known(
            peers.value.map((peer) => ({ ...peer, reserves: {} })),
            peers.at,
          ),
        };
  return decide(record, alone, policy, now);
};

/** Takes every reserved host for empty. */
const careless: Decide = (record, observation, policy, now): Decision => {
  const { reserveGuests } = observation;
  if (reserveGuests === undefined) return decide(record, observation, policy, now);
  const empty = new Map([...reserveGuests.keys()].map((host) => [host, known(0, now)]));
  return decide(record, { ...observation, reserveGuests: empty }, policy, now);
};

const BROKEN: readonly Broken[] = [
  {
    how: 'acts in the turn in which it claims',
    decide: hasty,
    script: slowly(failing('compute-1', 'compute-2')),
    shows: (_ending, twice) => twice.length > 0,
  },
  {
    how: 'does not look at the claims of others',
    decide: selfish,
    script: slowly(failing('compute-1', 'compute-2')),
    shows: (_ending, twice) => twice.length > 0,
  },
  {
    how: 'gives back a host with guests',
    decide: careless,
    script: failing('compute-1'),
    shows: ({ universe }) => {
      const { disabled, instances } = universe.cloud.host('compute-4');
      return disabled && instances.size > 0;
    },
  },
];

async function watched(
  decideBy: Decide,
  check: typeof violations,
  script: Broken['script'],
  seed = 1,
) {
  const { twice, note } = takenTwice();
  const ending = await play({
    policy: reserving(),
    script,
    seed,
    mutant: {
      core: { decide: decideBy, violations: check },
      store: (sound) => ({
        ...sound,
        write: async (expectation, record) => {
          const outcome = await sound.write(expectation, record);
          if (outcome.kind === 'applied') note(record);
          return outcome;
        },
      }),
    },
  });
  return { ending, twice };
}

const SEEDS = 60;

describe('ReservesClaimedFirst', () => {
  it.each(BROKEN)('stops a core that $how', async ({ decide: broken, script }) => {
    const { ending } = await watched(broken, violations, script);
    expect(ending.asserted).toContain('ReservesClaimedFirst');
  });

  it.each(BROKEN)('is missed where a core $how', async ({ decide: broken, script, shows }) => {
    const shown: boolean[] = [];
    // Which turns meet is left to chance.
    for (let seed = 1; seed <= SEEDS && !shown.includes(true); seed += 1) {
      const { ending, twice } = await watched(broken, () => [], script, seed);
      shown.push(shows(ending, twice));
    }
    expect(shown).toContain(true);
  });

  it.each(BROKEN)('passes the sound core where another $how', async ({ script, shows }) => {
    const { ending, twice } = await watched(decide, violations, script);
    expect(ending.asserted).toBe('');
    expect(ending.truth).toEqual([]);
    expect(shows(ending, twice)).toBe(false);
  });
});

/** Requests that a worker makes for one failed host, from its mark until the reserve is back. */
const REQUESTS = 60;

/** A worker that dies at its n-th request to OpenStack (sent or not), and another that goes on. */
function killedAt(count: number, isSent: boolean, room: number) {
  return (universe: Universe): void => {
    const { cloud, clock, weather } = universe;
    failing('compute-1')(universe);
    cloud.setCapacity('compute-4', room);
    let requests = 0;
    weather.fate = (process, request) => {
      if (process.name !== 'worker-1') return null;
      requests += 1;
      if (requests !== count) return null;
      delete weather.fate;
      if (isSent) cloud.handle(request);
      process.kill();
      clock.at(clock.now() + 1000, () => universe.startWorker('worker-2'));
      return null;
    };
  };
}

describe('a worker that is killed at any request', () => {
  const points = Array.from({ length: REQUESTS }, (_, n) => n + 1);

  it.each([
    ['before it is sent', false],
    ['after it was sent', true],
  ])('takes and gives back the reserved host all the same, %s', async (_name, isSent) => {
    for (const count of points) {
      const script = killedAt(count, isSent, 0);
      const { universe, truth, asserted } = await play({ policy: reserving(), script });
      const { disabled, disabledReason } = universe.cloud.host('compute-4');
      const [gold] = universe.cloud.world.aggregates.values();
      expect([count, asserted, truth, disabled, disabledReason, [...(gold?.hosts ?? [])]]).toEqual([
        count,
        '',
        [],
        true,
        RESERVED,
        ['compute-1', 'compute-2'],
      ]);
    }
  });

  it('keeps the guests that came on the reserved host', async () => {
    for (const count of points) {
      const script = killedAt(count, true, 100);
      const policy = reserving({ target: true });
      const { universe, truth, asserted } = await play({ policy, script });
      const { disabled, instances } = universe.cloud.host('compute-4');
      // What the dead worker may have asked for goes where the scheduler likes in the end.
      expect([count, asserted, truth, disabled]).toEqual([count, '', [], false]);
      expect(instances.size).toBeGreaterThan(0);
    }
  });
});

describe('the least that a policy without reserves costs', () => {
  it('is nothing: the same requests, whether hosts are in reserve or not', async () => {
    const count = async (policy: Partial<Policy>): Promise<number> => {
      const { universe } = await play({ policy, script: failing('compute-1') });
      return universe.cloud.requests.total();
    };
    expect(await count({})).toBe(await count({ reserve: PLAY_POLICY.reserve }));
  });
});
