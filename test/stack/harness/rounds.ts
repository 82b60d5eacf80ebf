/**
 * One failure after the other on one cloud: each round loses the host with the most guests, and takes
 * it back at its end, so that nothing has to be booted anew.
 */
import { expect } from 'vitest';
import type { Evacuation } from '../../../src/domain/evacuation.ts';
import type { Cloud } from './cloud.ts';
import type { Crew } from './crew.ts';
import type { NovaMigration } from './nova.ts';
import { expectMoved } from './outcome.ts';
import { waitFor } from './wait.ts';

/** A host that is about to fail, and who is on it. */
export interface Victim {
  readonly host: string;
  readonly ids: readonly string[];
  /** The newest evacuation of before. */
  readonly before: number;
}

/** The steps of a round. */
export interface Rounds {
  /** The host with the most guests. */
  fullest(): Promise<Victim>;
  /** Every spawn on every host takes this long from now on. */
  slow(seconds: number): Promise<void>;
  /** Waits until Nova works on at least this many evacuations of this round, in one of the states. */
  underWay(
    victim: Victim,
    count: number,
    states?: readonly string[],
  ): Promise<readonly NovaMigration[]>;
  /** Waits for the end, and expects everybody ACTIVE elsewhere. */
  ends(victim: Victim, timeoutMs?: number): Promise<Evacuation>;
  /** The host boots and is taken back; its nova-compute is restarted once more where Nova needs that. */
  bringBack(host: string): Promise<void>;
}

const UNDER_WAY = ['accepted', 'pre-migrating'];

/** Makes the steps for this cloud and this crew, whose worker has to run. */
export function createRounds(cloud: Cloud, crew: Crew): Rounds {
  const { nova } = cloud;
  /**
   * Whether nova-compute has cleaned up and left records open: it completes one per instance, the
   * newest. The older one is `done` when a lost request was sent again, as the conductor takes the
   * oldest accepted record for the new request.
   */
  const isHalfCleaned = async (host: string): Promise<boolean> => {
    const rows = await nova.migrations(host);
    return rows.some(
      (row) =>
        row.status === 'done' &&
        rows.some(
          ({ id, instance_uuid, status }) =>
            id > row.id && instance_uuid === row.instance_uuid && status === 'completed',
        ),
    );
  };
  const restart = async (host: string): Promise<void> => {
    await cloud.part('restart', host);
    await waitFor(async () => !(await isHalfCleaned(host)), {
      what: `nothing left to clean up on ${host}`,
    });
  };
  return {
    async fullest() {
      const open = await crew.store.list();
      if (open.kind === 'known' && open.value.some(({ phase }) => phase !== 'closed')) {
        throw new Error('an earlier round has not ended');
      }
      const found = await Promise.all(
        cloud.hosts.map(async (host) => {
          const [servers, rows] = await Promise.all([nova.servers(host), nova.migrations(host)]);
          const before = rows.reduce((highest, { id }) => Math.max(highest, id), 0);
          return { host, ids: servers.map(({ id }) => id), before };
        }),
      );
      const [first] = found.toSorted((a, b) => b.ids.length - a.ids.length);
      if (first === undefined || first.ids.length === 0) throw new Error('no host has a guest');
      return first;
    },
    async slow(seconds) {
      for (const host of cloud.hosts) await cloud.spawnDelay(host, seconds);
    },
    underWay: ({ host, before }, count, states = UNDER_WAY) =>
      waitFor(
        async () => {
          const rows = await nova.migrations(host);
          const now = rows.filter(({ id, status }) => id > before && states.includes(status));
          if (now.length >= count) return now;
          throw new Error(JSON.stringify(rows.map(({ id, status }) => [id, status])));
        },
        { what: `${String(count)} evacuations under way`, everyMs: 50 },
      ),
    async ends({ host, ids }, timeoutMs) {
      const evacuation = await crew.settled(host, timeoutMs);
      await expectMoved(cloud, ids, host);
      for (const id of ids) {
        expect(evacuation.instances, id).toMatchObject({ [id]: { progress: { at: 'landed' } } });
      }
      return evacuation;
    },
    async bringBack(host) {
      for (const one of cloud.hosts) await cloud.spawnDelay(one, 0);
      await cloud.powerOn(host);
      await waitFor(
        async () => {
          const { phase, reasons } = await crew.record(host);
          if (phase === 'closed') return true;
          // What the worker then tells an operator to do.
          const stuck = reasons.some(({ code }) => code === 'NH502');
          if (stuck && (await isHalfCleaned(host))) await restart(host);
          throw new Error(JSON.stringify([phase, reasons]));
        },
        { what: `${host} taken back`, timeoutMs: 180_000 },
      );
      expect(await nova.service(host)).toMatchObject({
        status: 'enabled',
        state: 'up',
        forced_down: false,
      });
      expect((await cloud.guests()).hosts[host]).toEqual({});
    },
  };
}
