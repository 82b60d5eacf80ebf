/**
 * A look at the hypervisors' own notes, all the time and in the background: who runs where.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { scheduler } from 'node:timers/promises';

const RUNNING = 1; // Nova's power_state, as the hypervisor of `cloud` notes it
const EVERY_MS = 50;

/** One guest that ran on several hosts at once. */
export interface Double {
  readonly instance: string;
  readonly hosts: readonly string[];
  readonly at: string;
}

/** Watches until it is told to stop. */
export interface GuestWatch {
  /** What was seen so far; each instance and set of hosts once. */
  doubles(): readonly Double[];
  /** How often all hosts were looked at. */
  looks(): number;
  /** Ends it and gives what was seen. */
  stop(): Promise<readonly Double[]>;
}

/** Begins to watch the hosts of the cloud in this directory. */
export function watchGuests(directory: string, hosts: readonly string[]): GuestWatch {
  const found = new Map<string, Double>();
  let looks = 0;
  const stop = new AbortController();

  async function look(): Promise<void> {
    const seen = new Map<string, string[]>();
    for (const [host, running] of await Promise.all(
      hosts.map(async (host) => [host, await runningOn(directory, host)] as const),
    )) {
      for (const instance of running) seen.set(instance, [...(seen.get(instance) ?? []), host]);
    }
    looks += 1;
    for (const [instance, on] of seen) {
      const key = `${instance} ${on.join(' ')}`;
      if (on.length > 1 && !found.has(key)) {
        found.set(key, { instance, hosts: on, at: new Date().toISOString() });
      }
    }
  }

  const watching = (async () => {
    while (!isStopped(stop.signal)) {
      await look();
      await scheduler.wait(EVERY_MS);
    }
  })();

  return {
    doubles: () => [...found.values()],
    looks: () => looks,
    async stop() {
      stop.abort();
      await watching;
      return [...found.values()];
    },
  };
}

/** The guests that run now on any host but this one. */
export async function runningElsewhere(
  directory: string,
  hosts: readonly string[],
  from: string,
): Promise<ReadonlySet<string>> {
  const others = hosts.filter((host) => host !== from);
  return new Set((await Promise.all(others.map((host) => runningOn(directory, host)))).flat());
}

async function runningOn(directory: string, host: string): Promise<readonly string[]> {
  try {
    const text = await readFile(join(directory, 'hosts', host, 'guests'), 'utf8');
    const guests = Object.entries(JSON.parse(text) as Readonly<Record<string, [string, number]>>);
    return guests.filter(([, [, state]]) => state === RUNNING).map(([instance]) => instance);
  } catch {
    return []; // not there yet, or written just now: the next look is 50 ms away
  }
}

// A function, so that the type checker does not take an aborted signal for a constant.
const isStopped = (signal: AbortSignal): boolean => signal.aborted;
