import { unknown, type Known } from '../../../src/domain/known.ts';
import { refused, uncertain, type WriteOutcome } from '../../../src/domain/outcome.ts';
import type { Store } from '../../../src/engine/ports.ts';
import type { Random } from '../../../src/simulator/random.ts';
import type { SimProcess } from './processes.ts';

/** How bad the store is just now. */
export interface StoreWeather {
  trouble: number;
  outage: boolean;
}

/** The way of one process to the shared store: delays, lost writes, lost acknowledgements, outages. */
export function createSimStore(
  shared: Store,
  process: SimProcess,
  weather: StoreWeather,
  random: Random,
): Store {
  const troubled = (): boolean => weather.outage || random.next() < weather.trouble;
  const delay = (): number => random.next() * 4;

  async function reading<T>(work: () => Promise<Known<T>>): Promise<Known<T>> {
    if (troubled()) return process.later(delay(), () => unknown('the store does not answer'));
    const value = await work();
    return process.later(delay(), () => value);
  }

  /** A write may be refused, lost, or carried out without an answer. */
  async function writing<T>(work: () => Promise<WriteOutcome<T>>): Promise<WriteOutcome<T>> {
    if (!process.alive()) return new Promise(() => undefined);
    if (troubled()) {
      const kind = random.next();
      if (kind < 0.4) return process.later(delay(), () => refused('not-sent', 'the store is away'));
      if (kind < 0.7) await work();
      return process.later(delay(), () => uncertain('the store did not answer'));
    }
    const outcome = await work();
    return process.later(delay(), () => outcome);
  }

  return {
    ...shared,
    list: () => reading(() => shared.list()),
    read: (host) => reading(() => shared.read(host)),
    lease: (host, worker, ttlMs) => reading(() => shared.lease(host, worker, ttlMs)),
    history: (filter) => reading(() => shared.history(filter)),
    switchboard: () => reading(() => shared.switchboard()),
    write: (expectation, evacuation) => writing(() => shared.write(expectation, evacuation)),
    setSwitchboard: (version, board) => writing(() => shared.setSwitchboard(version, board)),
    release: async (host, worker) => {
      if (process.alive() && !troubled()) await shared.release(host, worker);
    },
    nudge: async (host) => {
      if (!troubled()) await shared.nudge(host);
    },
    watch: (onNudge) =>
      shared.watch((host) => {
        if (!weather.outage)
          process.deliver(() => {
            onNudge(host);
          });
      }),
    append: (entries) => shared.append(entries),
  };
}
