import { asHost } from '../../../src/domain/ids.ts';
import { isSameScope, type SwitchKind, type SwitchScope } from '../../../src/domain/switches.ts';
import { switchOff, switchOn, type SwitchOutcome } from '../../../src/engine/switches.ts';
import type { Random } from '../../../src/simulator/random.ts';
import { maybe, oneOf, WORDS } from './policies.ts';
import { int, type Plot } from './troubles.ts';
import { START_MS } from './universe.ts';

/** A switch as the operator knows it: durable from then on, until he begins to lift it. */
interface Hold {
  readonly kind: SwitchKind;
  readonly scope: SwitchScope;
  /** Whom it held from the beginning: a reserved host may join an aggregate later. */
  readonly hosts: readonly string[];
  readonly from: number;
  to: number;
}

/** What operators switch in a world, and whether the workers keep to it. */
export interface Switching {
  /** They lift what does not end by itself. */
  liftAll(): void;
  /** What was sent or taken back although it was held. */
  breaches(): readonly string[];
}

/** Nobody switches anything. */
export const NO_SWITCHING: Switching = { liftAll: () => undefined, breaches: () => [] };

/**
 * The longest between the look at the switches and the last request that rests on it: a third of the
 * time for which an uncertain request is watched, and some way through the network.
 */
const GRACE_MS = 15_000;
const BY = 'anna';

/** Operators pause, freeze and maintain by chance: some with an end, some until they lift it. */
export function switchByChance(plot: Plot, random: Random): Switching {
  const { universe } = plot;
  const { clock, cloud } = universe;
  const parts = universe.operator();
  const holds: Hold[] = [];
  const names = cloud.hosts().map(({ name }) => name);

  function heldBy(scope: SwitchScope): readonly string[] {
    if (scope.of === 'host') return [scope.host];
    if (scope.of === 'all') return names;
    const aggregates = [...cloud.world.aggregates.values()];
    return aggregates.flatMap(({ name, hosts }) => (name === scope.name ? [...hosts] : []));
  }
  async function insist(command: () => Promise<SwitchOutcome>): Promise<void> {
    while ((await command()).kind !== 'done') await parts.clock.sleep(1000);
  }
  /** From now on nobody counts on it any more. */
  function end(kind: SwitchKind, scope: SwitchScope): void {
    for (const hold of holds)
      if (hold.kind === kind && isSameScope(hold.scope, scope))
        hold.to = Math.min(hold.to, clock.now());
  }
  async function on(kind: SwitchKind, scope: SwitchScope, forMs: number | null): Promise<void> {
    // One of the same kind and scope gives way to it, when it is durable at the latest.
    end(kind, scope);
    await insist(() => switchOn(parts, { kind, scope, reason: 'a test', by: BY, forMs }));
    end(kind, scope);
    // What ends by itself does so by the clock of each worker, which may be wrong.
    const from = clock.now();
    if (forMs === null) holds.push({ kind, scope, hosts: heldBy(scope), from, to: Infinity });
  }
  async function off(kind: SwitchKind, scope: SwitchScope): Promise<void> {
    end(kind, scope);
    await insist(() => switchOff(parts, { kinds: [kind], scope, by: BY }));
  }

  for (let count = 1 + int(random, 3); count > 0; count -= 1) {
    const kind = oneOf<SwitchKind>(random, ['pause', 'pause', 'freeze', 'maintenance']);
    const host = { of: 'host', host: asHost(oneOf(random, ['compute-1', ...names])) } as const;
    const aggregate = { of: 'aggregate', name: oneOf(random, WORDS.aggregates) } as const;
    const scope: SwitchScope =
      kind === 'maintenance' ? host : oneOf<SwitchScope>(random, [{ of: 'all' }, host, aggregate]);
    const forMs = maybe(random, 0.4) ? 20_000 + int(random, 240_000) : null;
    const at = START_MS + 20_000 + int(random, 120_000);
    clock.at(at, () => void on(kind, scope, forMs));
    if (maybe(random, 0.3)) clock.at(at + int(random, 60_000), () => void off(kind, scope));
  }
  return {
    liftAll: () => {
      for (const { kind, scope } of [...holds]) void off(kind, scope);
    },
    breaches: () => (plot.wiped ? [] : breaches(plot, holds)),
  };
}

/** Requests of workers that left while somebody held the host, for longer than a turn can last. */
function breaches({ universe }: Plot, holds: readonly Hold[]): readonly string[] {
  const { ledger } = universe;
  const held = (host: string, at: number, kinds: readonly SwitchKind[]): Hold | undefined =>
    holds.find(
      ({ kind, hosts, from, to }) =>
        kinds.includes(kind) && at > from + GRACE_MS && at < to && hosts.includes(host),
    );
  return [
    ...ledger.posts().flatMap(({ instance, source, sentAtMs }) => {
      const hold = held(source, sentAtMs, ['pause', 'freeze', 'maintenance']);
      return hold === undefined ? [] : [`${instance} was sent in spite of ${hold.kind}`];
    }),
    ...ledger.lifts().flatMap(({ host, sentAtMs }) => {
      const hold = held(host, sentAtMs, ['freeze', 'maintenance']);
      return hold === undefined ? [] : [`${host} was taken back in spite of ${hold.kind}`];
    }),
  ];
}
