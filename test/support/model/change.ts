import { accept, type Vm } from './nova.ts';
import type { Budget, Memory, World } from './world.ts';

/** One thing that may happen next. */
export interface Next {
  readonly label: string;
  readonly world: World;
  /** Promises that were broken on the way. */
  readonly broken: readonly string[];
}

/** A trouble less may happen. */
export const spend = (world: World, kind: keyof Budget): Budget => ({
  ...world.budget,
  [kind]: world.budget[kind] - 1,
});
/** The workers, with another memory of one. */
export const setWorker = (world: World, who: number, memory: Memory): readonly Memory[] =>
  world.workers.map((old, index) => (index === who ? memory : old));
/** The instances, with another state of one. */
export const setVm = (world: World, which: number, vm: Vm): readonly Vm[] =>
  world.vms.map((old, index) => (index === which ? vm : old));

/** A POST reaches Nova. */
export function arrive(world: World, which: number): World {
  const vm = world.vms[which];
  if (vm === undefined || !mayEvacuate(world, vm)) return world;
  const id = 1 + world.vms.reduce((sum, { rows }) => sum + rows.length, 0);
  return { ...world, vms: setVm(world, which, accept(vm, id)) };
}

/** Nova refuses while the host of the instance is up: the source, or the one it was moved to. */
export const mayEvacuate = ({ source }: World, vm: Vm): boolean =>
  !vm.moved && (source.forcedDown || !source.up);
