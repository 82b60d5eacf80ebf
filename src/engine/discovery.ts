import type { HostName } from '../domain/ids.ts';
import { sentenceOf } from '../domain/reason.ts';
import { isUnreadable, type Summary } from '../domain/summary.ts';
import type { FleetCache } from './fleet-cache.ts';
import { adoptFailures, correctNames } from './adopt-failures.ts';
import type { Chance, Clock, Log, Lookout, Store } from './ports.ts';
import { createReminder } from './reminder.ts';
import { rebuildMarks } from './rebuild.ts';
import type { SilenceWatch } from './silent-hosts.ts';

/** What looking for work needs of the world. */
interface DiscoveryParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly fleet: FleetCache;
  /** Only this host counts; null: every host. */
  readonly only: HostName | null;
  /** Who looks after silent services; null: nobody does. */
  readonly silence?: SilenceWatch | null;
  /** Where a cluster manager can be asked for failures without a mark. */
  readonly cluster?: Cluster | undefined;
}

/** A second pair of eyes, and the ids for the marks that come of it. */
export interface Cluster {
  readonly lookout: Lookout;
  readonly chance: Chance;
}

/** How often the cluster manager is asked for failures without a mark. */
const ADOPT_EVERY_MS = 10_000;
/** How much longer it is left alone when it gave no answer. */
const ADOPT_REST_MS = 50_000;

/** How often the marks are compared with Nova, to find those that a wiped store has lost. */
const REBUILD_EVERY_MS = 60_000;

/** The look for hosts with work. */
export interface Discovery {
  /** The summaries of all open records, or null when the store is away. */
  look(): Promise<readonly Summary[] | null>;
  /** The same, which waits for those who are asked beside. */
  lookAndAsk(): Promise<readonly Summary[] | null>;
  /** Resolves when nobody is being asked beside the look; throws what was thrown there. */
  idle(): Promise<void>;
}

/**
 * Makes it. From time to time Nova is asked for marks that the store has lost, and a cluster manager for
 * failures without a mark: beside the look, since Nova may hang while the hosts that are marked go on.
 */
export function createDiscovery(parts: DiscoveryParts): Discovery {
  const { store, clock, log, fleet, only } = parts;
  let comparedMs = -Infinity;
  let complained = '';
  let adoptedMs = -Infinity;
  let unclear = '';
  const trouble = createReminder(clock, log);

  /** Says which records cannot be read, once for every change of that. */
  function complain(bad: readonly Summary[]): void {
    const words = bad.flatMap(({ reasons }) => reasons.map(sentenceOf));
    if (words.join() !== complained) for (const sentence of words) log.error(`${sentence}.`);
    complained = words.join();
  }

  /** Returns whether marks were rebuilt. */
  async function compareWithNova(summaries: readonly Summary[]): Promise<boolean> {
    const nowMs = clock.monotonicMs();
    if (nowMs - comparedMs < REBUILD_EVERY_MS || only !== null) return false;
    const services = await fleet.read(REBUILD_EVERY_MS);
    if (services.kind === 'unknown') return false;
    comparedMs = nowMs;
    const hosts = new Set(summaries.map(({ host }) => host));
    const rebuilt = await rebuildMarks(parts, services.value, hosts);
    // The same list tells which services are silent: no other is read for them.
    parts.silence?.look(summaries, services.value);
    return rebuilt.length > 0;
  }

  /** Marks what failed without a mark, and mends marks under a name that Nova does not know. */
  async function adopt(summaries: readonly Summary[]): Promise<void> {
    const nowMs = clock.monotonicMs();
    if (parts.cluster === undefined || only !== null || nowMs - adoptedMs < ADOPT_EVERY_MS) return;
    adoptedMs = nowMs;
    const services = await fleet.read(REBUILD_EVERY_MS);
    if (services.kind === 'unknown') return;
    const { lookout, chance } = parts.cluster;
    const marking = { store, clock, log, chance };
    const problems = await adoptFailures(marking, lookout, summaries, services.value);
    // It does not run here, most likely; its tools are programs, and starting them is not for free.
    if (problems === null) adoptedMs += ADOPT_REST_MS;
    const words = problems ?? [];
    if (words.join() !== unclear) for (const problem of words) log.error(problem);
    unclear = words.join();
    await correctNames(marking, summaries, services.value);
  }

  async function ask(summaries: readonly Summary[]): Promise<void> {
    if (!(await compareWithNova(summaries))) return adopt(summaries);
    // Whoever was rebuilt is marked now: no failure of his is without a mark.
    const current = await store.list();
    if (current.kind === 'known') await adopt(current.value);
  }

  /** One at a time: what is found is marked, so the next look at the store shows it. */
  let asking: Promise<void> | null = null;
  let failure: { readonly error: unknown } | null = null;

  function askBeside(summaries: readonly Summary[]): void {
    asking ??= ask(summaries)
      .catch((error: unknown) => {
        failure = { error };
      })
      .finally(() => {
        asking = null;
      });
  }

  async function look(): Promise<readonly Summary[] | null> {
    if (failure !== null) throw failure.error;
    const summaries = await store.list();
    if (summaries.kind === 'unknown') {
      trouble.tell(`The store cannot be read: ${summaries.why}`);
      return null;
    }
    trouble.over();
    complain(summaries.value.filter(isUnreadable));
    askBeside(summaries.value);
    return summaries.value.filter(
      (summary) =>
        !isUnreadable(summary) &&
        (summary.phase !== 'closed' || summary.reserves !== undefined) &&
        (only === null || summary.host === only),
    );
  }

  async function idle(): Promise<void> {
    await asking;
    if (failure !== null) throw failure.error;
  }

  async function lookAndAsk(): Promise<readonly Summary[] | null> {
    const found = await look();
    await idle();
    return found;
  }

  return { look, lookAndAsk, idle };
}
