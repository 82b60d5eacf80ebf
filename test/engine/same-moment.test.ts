import { describe, expect, it } from 'vitest';
import type { Evacuation } from '../../src/domain/evacuation.ts';
import { asHost, asWorker, type HostName, type InstanceId } from '../../src/domain/ids.ts';
import { known, unknown } from '../../src/domain/known.ts';
import { applied } from '../../src/domain/outcome.ts';
import { wholeHost } from '../../src/domain/mark.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.ts';
import type { Answer } from '../../src/domain/observation.ts';
import type { Store } from '../../src/engine/ports.ts';
import { takeTurn } from '../../src/engine/turn.ts';
import {
  entry,
  evacuating,
  fleet,
  H1,
  H2,
  H3,
  isolated,
  mark,
  PENDING,
  row,
  service,
  T0,
  vm,
} from '../support/domain.ts';
import { createParts } from '../support/engine.ts';

const H4 = asHost('compute-4');
const SERVICES = fleet([isolated(H1), isolated(H2), service(H3), service(H4)]);

/** Two failed hosts of one region, each with its lease; Nova takes every request and shows it. */
async function pair(
  records: Readonly<Record<string, Partial<Evacuation>>>,
  change: { policy?: Policy; store?: (sound: Store) => Store } = {},
) {
  const sent: {
    readonly from: HostName;
    readonly id: InstanceId;
    readonly target: string | null;
  }[] = [];
  const home = new Map<InstanceId, HostName>();
  const rowsOf = (host: HostName) =>
    sent
      .map(({ from, id }, index) => ({ from, shown: row(index + 1, 'accepted', { instance: id }) }))
      .filter(({ from }) => from === host)
      .map(({ shown }) => shown)
      .toReversed();
  const parts = createParts({
    ...(change.store === undefined ? {} : { store: change.store }),
    compute: {
      fleet: () => Promise.resolve(known(SERVICES, T0)),
      evacuationsFrom: (host) => Promise.resolve(known(rowsOf(host), T0)),
      evacuate: (id, target) => {
        sent.push({ from: home.get(id) ?? H1, id, target });
        return Promise.resolve(applied({ requestId: 'r' }));
      },
    },
  });
  const policy = change.policy ?? DEFAULT_POLICY;
  const turns = await Promise.all(
    Object.entries(records).map(async ([name, part]) => {
      const host = asHost(name);
      const record = evacuating([], { host, ...part });
      for (const id of Object.keys(record.instances) as InstanceId[]) home.set(id, host);
      await parts.memory.write({ version: 0, epoch: null }, record);
      const lease = await parts.memory.lease(host, asWorker('w1'), 15_000);
      const epoch =
        lease.kind === 'known' && lease.value.kind === 'granted' ? lease.value.epoch : -1;
      let answers: readonly Answer[] = [];
      return async (): Promise<void> => {
        const done = await takeTurn(
          { ...parts, policy },
          host,
          { epoch, mayAct: () => true },
          answers,
        );
        ({ answers } = done);
      };
    }),
  );
  return { sent, turns, parts };
}

describe('two hosts that decide in the same moment', () => {
  const member = (n: number) => ({ [vm(n)]: entry(PENDING, { exclusiveGroup: 'g' }) });

  it('send one member of an anti-affinity group, and it is not long before they do', async () => {
    const { sent, turns, parts } = await pair({
      [H1]: { instances: { ...member(1), [vm(3)]: entry(PENDING) } },
      [H2]: { instances: member(2) },
    });
    for (let round = 0; round < 30; round += 1) {
      await Promise.all(turns.map((turn) => turn()));
      parts.clock.pass(1000);
    }
    const ids = sent.map(({ id }) => id);
    expect(ids.filter((id) => id === vm(3))).toHaveLength(1);
    expect(ids.filter((id) => id !== vm(3))).toHaveLength(1);
    const stored = await parts.memory.read(ids.includes(vm(1)) ? H1 : H2);
    const id = ids.includes(vm(1)) ? vm(1) : vm(2);
    const progress =
      stored.kind === 'known' ? stored.value?.evacuation.instances[id]?.progress : null;
    expect(progress).toMatchObject({ at: 'accepted', attempt: 1 });
  });

  const many = (from: number, count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [vm(from + i), entry(PENDING)]));
  const limited = (pace: Partial<Policy['pace']>, destination = DEFAULT_POLICY.destination) => ({
    policy: { ...DEFAULT_POLICY, destination, pace: { ...DEFAULT_POLICY.pace, ...pace } },
  });

  it('keep the limit of a destination that the configuration names', async () => {
    const { sent, turns } = await pair(
      { [H1]: { instances: many(1, 6) }, [H2]: { instances: many(11, 6) } },
      limited({ perDestination: 5 }, { host: H3, strict: true }),
    );
    await Promise.all(turns.map((turn) => turn()));
    expect(sent.map(({ target }) => target)).toEqual(Array.from({ length: 5 }, () => H3));
    expect(sent.filter(({ from }) => from === H1)).toHaveLength(3);
  });

  it('keep the limit of a destination that an operator has named for both', async () => {
    const request = { ...wholeHost, target: H3 };
    const { sent, turns } = await pair(
      {
        [H1]: { instances: many(1, 6), mark: mark({ request }) },
        [H2]: { instances: many(11, 6), mark: mark({ request }) },
      },
      limited({ perDestination: 4 }),
    );
    await Promise.all(turns.map((turn) => turn()));
    expect(sent).toHaveLength(4);
  });

  it('leave the whole limit to the one whose operator has named it alone', async () => {
    const request = { ...wholeHost, target: H3 };
    const { sent, turns } = await pair(
      {
        [H1]: { instances: many(1, 6), mark: mark({ request }) },
        [H2]: { instances: { [vm(11)]: entry({ ...PENDING, notBefore: T0 + 60_000 }) } },
      },
      limited({ perDestination: 4 }),
    );
    await Promise.all(turns.map((turn) => turn()));
    expect(sent).toHaveLength(4);
  });

  it('send no more than all destinations have places for', async () => {
    const { sent, turns } = await pair(
      { [H1]: { instances: many(1, 9) }, [H2]: { instances: many(11, 9) } },
      limited({ perDestination: 2 }),
    );
    await Promise.all(turns.map((turn) => turn()));
    expect(sent).toHaveLength(4);
    expect(new Set(sent.map(({ from }) => from)).size).toBe(2);
  });

  it('send no member of a group while the other hosts cannot be read', async () => {
    let reads = 0;
    const { sent, turns } = await pair(
      { [H1]: { instances: { ...member(1), [vm(3)]: entry(PENDING) } } },
      {
        store: (sound) => ({
          ...sound,
          list: () => {
            reads += 1;
            return reads === 1 ? sound.list() : Promise.resolve(unknown('gone'));
          },
        }),
      },
    );
    await turns[0]?.();
    expect(sent.map(({ id }) => id)).toEqual([vm(3)]);
  });

  it('read the store once where nobody is of such a group', async () => {
    let reads = 0;
    const { turns, sent } = await pair(
      { [H1]: { instances: { [vm(3)]: entry(PENDING) } } },
      {
        store: (sound) => ({
          ...sound,
          list: () => {
            reads += 1;
            return sound.list();
          },
        }),
      },
    );
    await turns[0]?.();
    expect([sent.length, reads]).toEqual([1, 1]);
  });
});
