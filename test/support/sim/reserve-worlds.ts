import type { Policy } from '../../../src/domain/policy.ts';
import type { ReservePolicy } from '../../../src/domain/reserve.ts';
import { createRandom, type Random } from '../../../src/simulator/random.ts';
import { int, PARKED, pick, type Plot } from './troubles.ts';
import type { Universe } from './universe.ts';

/** With what operators of these worlds disable the hosts that they keep in reserve. */
export const IN_RESERVE = 'reserved, see the runbook';

/** What a world keeps in reserve; nobody in most worlds. */
export interface WorldReserves {
  readonly policy: ReservePolicy | null;
  /** Hosts beside those that every world has. */
  readonly extra: number;
  /** Whether all hosts fail at once, so that they want the same hosts in reserve. */
  readonly atOnce: boolean;
  readonly random: Random;
}

/** Apart from the world's own chance, so that reserves change nothing in other worlds. */
const RESERVE_SEED = 11_000_000;

/** Every third world or so keeps one or two hosts in reserve; some of them reload their policy. */
export function drawReserves(seed: number, { reserve }: Policy): WorldReserves {
  const random = createRandom(seed + RESERVE_SEED);
  if (seed % 4 !== 3 && seed % 8 !== 1) return { policy: null, extra: 0, atOnce: false, random };
  const one = <T>(first: T, ...others: readonly T[]): T =>
    pick(random, [first, ...others], 1)[0] ?? first;
  const policy: ReservePolicy = {
    ...reserve,
    when: one('needed', 'always', 'always'),
    aggregate: one(null, null, 'spare'),
    match: one('zone', 'any', 'aggregate'),
    hosts: one(1, 2),
    addToAggregates: one(true, false),
    target: one(true, false),
    giveBack: one(true, true, false),
    patienceMs: one(60_000, 5000),
  };
  return { policy, extra: 1 + int(random, 2), atOnce: random.next() < 0.5, random };
}

/** Disables the reserved hosts, the last of the cloud, and puts hosts into aggregates. */
export function keepInReserve({ cloud }: Universe, { extra, random }: WorldReserves): void {
  if (extra === 0) return;
  const names = cloud.hosts().map(({ name }) => name);
  const reserved = names.slice(-extra);
  for (const name of reserved) {
    const host = cloud.world.hosts.get(name);
    if (host === undefined) continue;
    host.disabled = true;
    host.disabledReason = IN_RESERVE;
    host.traitDisabled = true;
  }
  cloud.createAggregate('gold', { hosts: names.slice(0, 3) });
  cloud.createAggregate('spare', { hosts: reserved });
  cloud.createAggregate('rack', { hosts: random.next() < 0.5 ? names : names.slice(1) });
}

/** What may happen to hosts in reserve, of all times when they are needed. */
export function disturbReserves(plot: Plot, { extra, random }: WorldReserves): void {
  const { cloud, clock, ledger } = plot.universe;
  if (extra === 0 || random.next() < 0.5) return;
  const reserved = cloud.hosts().slice(-extra);
  const name = pick(random, reserved, 1)[0]?.name ?? '';
  const atMs = clock.now() + 1000 + int(random, 60_000);
  const [what] = pick(random, ['parks', 'puts back', 'crashes', 'is slow'] as const, 1);
  clock.at(atMs, () => {
    switch (what) {
      case 'parks':
        ledger.park(name, PARKED);
        plot.parked.add(name);
        return;
      case 'puts back':
        // He may do that while it is in use; then it is his.
        ledger.park(name, IN_RESERVE);
        plot.parked.delete(name);
        plot.meddled = true;
        return;
      case 'crashes':
        cloud.killCompute(name);
        clock.at(clock.now() + int(random, 60_000), () => {
          cloud.startCompute(name);
        });
        return;
      default:
        cloud.freezeCompute(name);
        clock.at(clock.now() + int(random, 60_000), () => {
          cloud.thawCompute(name);
        });
    }
  });
}

/** The aggregates as they are; to be compared with what they are in the end. */
export const membership = ({ cloud }: Universe): ReadonlyMap<string, readonly string[]> =>
  new Map([...cloud.world.aggregates.values()].map(({ name, hosts }) => [name, [...hosts].sort()]));

/** Reserved hosts that more than one failed host has taken, now. */
export async function takenTwice({ universe }: Plot): Promise<readonly string[]> {
  const list = await universe.store.list();
  if (list.kind === 'unknown') return [];
  const takers = new Map<string, string[]>();
  for (const { host, reserves = {} } of list.value)
    for (const [reserve, at] of Object.entries(reserves))
      if (at === 'taken') takers.set(reserve, [...(takers.get(reserve) ?? []), host]);
  return [...takers]
    .filter(([, hosts]) => hosts.length > 1)
    .map(([reserve, hosts]) => `${reserve} is taken for ${hosts.join(' and ')}`);
}

/**
 * What became of the reserved hosts: each is in reserve as it was, or enabled because it has guests (or
 * had to stay). Where a person meddled, or the store was wiped, nobody can say what should be.
 */
export async function examineReserves(
  plot: Plot,
  { policy, extra }: WorldReserves,
  before: ReadonlyMap<string, readonly string[]>,
): Promise<readonly string[]> {
  const { universe, failing, parked } = plot;
  if (policy === null || plot.wiped || plot.meddled) return [];
  const { cloud } = universe;
  const problems: string[] = [];
  const list = await universe.store.list();
  const claims =
    list.kind === 'known' ? list.value.flatMap(({ reserves = {} }) => Object.keys(reserves)) : [];
  const names = cloud.hosts().map(({ name }) => name);
  for (const name of names.slice(-extra)) {
    if (failing.has(name) || parked.has(name) || universe.ledger.crossed().has(name)) continue;
    const { disabled, disabledReason, instances } = cloud.host(name);
    const isBack = disabled && disabledReason === IN_RESERVE;
    if (!isBack && disabled) problems.push(`${name} is disabled: ${disabledReason ?? 'no reason'}`);
    if (!isBack && instances.size === 0 && policy.giveBack)
      problems.push(`${name} stayed empty and was not given back`);
    if (isBack && instances.size > 0) problems.push(`${name} has guests and was given back`);
    for (const [aggregate, hosts] of membership(universe)) {
      const was = before.get(aggregate)?.includes(name) === true;
      if (was && !hosts.includes(name)) problems.push(`${name} was taken out of ${aggregate}`);
      if (isBack && !was && hosts.includes(name)) problems.push(`${name} was left in ${aggregate}`);
    }
    if (claims.includes(name)) problems.push(`${name} is claimed still`);
  }
  return problems;
}
