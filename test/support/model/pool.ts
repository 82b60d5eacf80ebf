import type { World } from './world.ts';

/**
 * Keeps one copy of every part of a world and gives it a number: thousands of states share a few
 * hundred parts, so that a state is a handful of numbers and most work is done once.
 */
export interface Pool {
  /** The same world made of shared parts, and its key. */
  normal(world: World): { readonly world: World; readonly key: string };
  /** The number of a part; equal parts have the same. */
  idOf(part: object | null): number;
}

/** Makes an empty pool. */
export function createPool(): Pool {
  const numbers = new WeakMap<object, number>();
  const shared: object[] = [];
  const byText = new Map<string, number>();

  const idOf = (part: object | null): number => {
    if (part === null) return -1;
    const known = numbers.get(part);
    if (known !== undefined) return known;
    const text = JSON.stringify(part);
    let id = byText.get(text);
    if (id === undefined) {
      id = shared.length;
      shared.push(part);
      byText.set(text, id);
    }
    numbers.set(part, id);
    return id;
  };
  const share = <T extends object | null>(part: T): T =>
    part === null ? part : (shared[idOf(part)] as T);

  return {
    idOf,
    normal(given) {
      // The two workers are alike: it does not matter which of them is which.
      const [first, second] = given.workers;
      const swap =
        given.lease === null
          ? idOf(first ?? null) > idOf(second ?? null)
          : given.lease.holder === 1;
      const lease = given.lease === null ? null : { ...given.lease, holder: 0 };
      const workers = swap ? [...given.workers].reverse() : given.workers;
      const world: World = {
        record: share(given.record),
        lease: share(lease),
        workers: workers.map(share),
        vms: given.vms.map(share),
        limbo: share(given.limbo),
        source: share(given.source),
        budget: share(given.budget),
      };
      const { record, vms, limbo, source, budget } = world;
      const parts = [record, world.lease, ...world.workers, ...vms, limbo, source, budget];
      return { world, key: parts.map(idOf).join(' ') };
    },
  };
}
