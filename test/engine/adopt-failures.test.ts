import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/store/memory.ts';
import type { Fleet } from '../../src/domain/host.ts';
import { asEvent, asHost, type HostName } from '../../src/domain/ids.ts';
import { known, unknown } from '../../src/domain/known.ts';
import { wholeHost } from '../../src/domain/mark.ts';
import { adoptFailures, correctNames } from '../../src/engine/adopt-failures.ts';
import { markHost, type MarkingParts } from '../../src/engine/mark-host.ts';
import type { Log, Lookout, Store } from '../../src/engine/ports.ts';

const NOW = 1_000_000;
const quiet: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

function bed(): { readonly store: Store; readonly parts: MarkingParts } {
  const clock = { now: () => NOW, monotonicMs: () => NOW, sleep: () => Promise.resolve() };
  const store = createMemoryStore({ clock });
  let events = 0;
  const chance = { event: () => asEvent(`e${String((events += 1))}`), fraction: () => 0 };
  return { store, parts: { store, clock, chance, log: quiet } };
}

const fleetOf = (...hosts: string[]): Fleet => ({
  services: new Map(hosts.map((host) => [asHost(host), { host: asHost(host), state: 'unknown' }])),
  conductorsUp: 1,
  schedulersUp: 1,
});

const lookout = (unmarked: Lookout['unmarked']): Lookout => ({
  unmarked,
  failing: () => Promise.resolve(known([], NOW)),
});

const markOf = async (store: Store, host: string) => {
  const stored = await store.read(asHost(host));
  return stored.kind === 'known' ? (stored.value?.evacuation ?? null) : null;
};

describe('failures without a mark', () => {
  it('are marked as of their own time, so that the fencing since covers them', async () => {
    const { store, parts } = bed();
    const host = asHost('compute-1');
    const proof = { source: 'pacemaker', at: NOW - 50_000, detail: 'reboot by ctl-2' } as const;
    const found = { host, at: NOW - 50_000, detail: 'it was fenced', proof };
    const eyes = lookout(() =>
      Promise.resolve(known({ failures: [found], problems: ['x fits two hosts'] }, NOW)),
    );
    const problems = await adoptFailures(parts, eyes, [], fleetOf('compute-1'));
    expect(problems).toEqual(['x fits two hosts']);
    expect((await markOf(store, 'compute-1'))?.mark).toMatchObject({
      at: NOW - 50_000,
      origin: 'pacemaker',
      claim: proof,
    });
  });

  it('are none while the cluster manager does not answer', async () => {
    const { store, parts } = bed();
    const eyes = lookout(() => Promise.resolve(unknown('cluster down')));
    expect(await adoptFailures(parts, eyes, [], fleetOf('compute-1'))).toBeNull();
    expect(await markOf(store, 'compute-1')).toBeNull();
  });
});

describe('marks under another form of the name', () => {
  const marked = async (parts: MarkingParts, host: string): Promise<void> => {
    await markHost(parts, {
      host: asHost(host),
      origin: 'fence-agent',
      by: 'ctl-1',
      claim: { source: 'mark', at: NOW, detail: 'fenced' },
      request: wholeHost,
    });
  };
  const listed = async (store: Store) => {
    const list = await store.list();
    return list.kind === 'known' ? list.value : [];
  };
  const phases = async (store: Store): Promise<Record<string, string>> =>
    Object.fromEntries((await listed(store)).map(({ host, phase }) => [host, phase]));

  it('move to the one name that Nova knows', async () => {
    const { store, parts } = bed();
    await marked(parts, 'compute-1');
    await correctNames(parts, await listed(store), fleetOf('compute-1.example.com', 'compute-2'));
    expect(await phases(store)).toEqual({
      'compute-1': 'closed',
      'compute-1.example.com': 'marked',
    });
    expect((await markOf(store, 'compute-1.example.com'))?.mark.claim?.source).toBe('mark');
  });

  it.each(['Compute-1', 'COMPUTE-1.example.com'])('move from %s, too', async (host) => {
    const { store, parts } = bed();
    await marked(parts, host);
    await correctNames(parts, await listed(store), fleetOf('compute-1', 'compute-2'));
    expect(await phases(store)).toEqual({ [host]: 'closed', 'compute-1': 'marked' });
  });

  it('leave the claim of the one that is there alone', async () => {
    const { store, parts } = bed();
    await marked(parts, 'compute-1');
    await marked(parts, 'compute-1.example.com');
    const first = (await markOf(store, 'compute-1.example.com'))?.mark;
    const later = { ...parts, clock: { ...parts.clock, now: () => NOW + 60_000 } };
    await correctNames(later, await listed(store), fleetOf('compute-1.example.com'));
    expect((await markOf(store, 'compute-1.example.com'))?.mark).toEqual(first);
    expect(await phases(store)).toMatchObject({ 'compute-1': 'closed' });
  });

  it('stay where they are when two names fit, none does, or Nova knows it as it is', async () => {
    for (const hosts of [
      ['compute-1.a.example', 'compute-1.b.example'],
      ['compute-2'],
      ['compute-1', 'compute-1.example.com'],
      ['COMPUTE-1', 'Compute-1'],
    ] satisfies readonly (readonly string[])[]) {
      const { store, parts } = bed();
      await marked(parts, 'compute-1');
      await correctNames(parts, await listed(store), fleetOf(...hosts));
      expect(await phases(store)).toEqual({ 'compute-1': 'marked' });
    }
  });

  it('never take one FQDN for another', async () => {
    const { store, parts } = bed();
    await marked(parts, 'compute-1.a.example');
    const other: readonly HostName[] = [asHost('compute-1.b.example')];
    await correctNames(parts, await listed(store), fleetOf(...other));
    expect(await phases(store)).toEqual({ 'compute-1.a.example': 'marked' });
  });
});
