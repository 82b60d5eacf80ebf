import { describe, expect, it } from 'vitest';
import type { Evacuation } from '../../src/domain/evacuation.ts';
import { isActive } from '../../src/domain/evacuation.ts';
import { provenBy } from '../../src/domain/gates.ts';
import { asEvent } from '../../src/domain/ids.ts';
import { known } from '../../src/domain/known.ts';
import { eventTime } from '../../src/domain/mark.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.ts';
import { createDiscovery } from '../../src/engine/discovery.ts';
import { createFleetCache } from '../../src/engine/fleet-cache.ts';
import type { Lookout } from '../../src/engine/ports.ts';
import { fleet, H1, H2, isolated, service, T0 } from '../support/domain.ts';
import { createCounting, createFakeCompute, createParts } from '../support/engine.ts';

const EVENT = asEvent('20261118T110640Z-7f3a');

/** Pacemaker fenced it a second after the event that Nova shows; the store was wiped a minute later. */
const FENCED = T0 + 1000;
const fencing = { source: 'pacemaker', at: FENCED, detail: 'reboot by ctl-2' } as const;

/** Pacemaker, which reports what has no mark by the summaries that it is shown. */
const pacemaker: Lookout = {
  failing: () => Promise.resolve(known([], T0)),
  unmarked: ({ summaries }) => {
    const marked = summaries.some((one) => one.host === H1 && isActive(one));
    const failure = { host: H1, at: FENCED, detail: 'Pacemaker fenced it', proof: fencing };
    return Promise.resolve(known({ failures: marked ? [] : [failure], problems: [] }, T0));
  },
};

async function afterOneLook(reason: string): Promise<Evacuation> {
  const parts = createParts();
  parts.clock.pass(60_000);
  const shown = fleet([isolated(H1, { disabledReason: reason }), service(H2)]);
  const compute = createFakeCompute({ fleet: () => Promise.resolve(known(shown, T0)) });
  const discovery = createDiscovery({
    store: parts.memory,
    clock: parts.clock,
    log: parts.log,
    fleet: createFleetCache(compute, parts.clock),
    only: null,
    cluster: { lookout: pacemaker, chance: createCounting() },
  });
  await discovery.lookAndAsk();
  expect((await discovery.look())?.map(({ host }) => host)).toEqual([H1]);
  const stored = await parts.memory.read(H1);
  if (stored.kind === 'unknown' || stored.value === null) throw new Error('no record');
  return stored.value.evacuation;
}

const believing = (...proof: Policy['fence']['proof']): Policy => ({
  ...DEFAULT_POLICY,
  fence: { ...DEFAULT_POLICY.fence, proof },
});

describe('the mark of a wiped store, in the very look in which Pacemaker is asked too', () => {
  it('is the rebuilt one, as of its event, and keeps what proves it', async () => {
    const record = await afterOneLook(`nova-ha: ${EVENT} evacuating (fenced)`);
    expect(record.mark).toMatchObject({ event: EVENT, origin: 'rebuilt', firstAt: T0, at: T0 });
    const nothing = known(null, T0);
    expect(provenBy(record, nothing, DEFAULT_POLICY)).toMatchObject({ source: 'mark' });
  });

  it('is proven by the fencing of that time where only Pacemaker is believed', async () => {
    const record = await afterOneLook(`nova-ha: ${EVENT} evacuating`);
    expect(provenBy(record, known(fencing, T0), believing('pacemaker'))).toEqual(fencing);
    const earlier = { ...fencing, at: T0 - 60_000 };
    expect(provenBy(record, known(earlier, T0), believing('pacemaker'))).toBeNull();
  });

  it('is of now where its event tells no time, or one to come', async () => {
    for (const event of ['ev-1', '20991231T000000Z-7f3a']) {
      const { mark } = await afterOneLook(`nova-ha: ${event} evacuating (fenced)`);
      expect(mark).toMatchObject({ event, at: T0 + 60_000, firstAt: T0 + 60_000 });
    }
  });
});

describe('the time of an event', () => {
  it('stands in its id', () => {
    expect(eventTime(EVENT)).toBe(T0);
    expect(['', 'ev-1', '20261118-7f3a', '20261118T0826Z-1'].map(asEvent).map(eventTime)).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });
});
