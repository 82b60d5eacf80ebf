import { isTerminal } from '../../../src/domain/evacuation.ts';
import { arrive, setVm, spend, type Next } from './change.ts';
import type { Laws, Turns } from './laws.ts';
import { fly, stepsOf } from './nova.ts';
import { withoutTheLate, workerSteps } from './worker.ts';
import { tick, type World } from './world.ts';

/** Everything that may happen next. */
export function successors(world: World, laws: Laws, taken: Turns): readonly Next[] {
  const next: Next[] = [];
  const add = (label: string, after: World, broken: readonly string[] = []): void => {
    next.push({ label, world: after, broken });
  };
  const later = tick(world);
  if (later !== null) add('a tick', withoutTheLate(later, laws));
  world.workers.forEach((memory, who) => {
    for (const one of workerSteps(world, memory, who, laws, taken)) next.push(one);
  });
  world.vms.forEach((vm, which) => {
    vm.flights.forEach((flight, index) => {
      for (const step of stepsOf(flight)) {
        const healthy = step === 'go-on';
        if (!healthy && world.budget.flights <= 0) continue;
        const budget = healthy ? world.budget : spend(world, 'flights');
        const once = fly(vm, index, step);
        const flown = laws.coarse && healthy ? fly(once, index, step) : once;
        const after = { ...world, vms: setVm(world, which, flown), budget };
        add(`vm-${String(which + 1)}: ${flight.stage} ${step}`, after);
      }
    });
  });
  world.limbo.forEach((one, index) => {
    const limbo = world.limbo.filter((_, other) => other !== index);
    add(
      `the late request for vm-${String(one.vm + 1)} arrives`,
      arrive({ ...world, limbo }, one.vm),
    );
    add(`the late request for vm-${String(one.vm + 1)} is lost`, { ...world, limbo });
  });
  if (world.source.up)
    add('Nova sees it down', { ...world, source: { ...world.source, up: false } });
  return next;
}

/** What must hold in every single state. */
export function problemsOf(world: World): readonly string[] {
  const problems: string[] = [];
  world.vms.forEach((vm, index) => {
    const name = `vm-${String(index + 1)}`;
    if (vm.flights.length > 1) problems.push(`${name} is evacuated twice at once`);
    if (vm.guests > 1) problems.push(`${name} runs twice`);
  });
  if (world.record.phase === 'settled') {
    const entries = Object.values(world.record.instances);
    world.vms.forEach((vm, index) => {
      const entry = entries[index];
      if (entry === undefined && !vm.moved) problems.push(`vm-${String(index + 1)} is forgotten`);
      if (entry?.progress.at === 'landed' && !vm.moved) {
        problems.push(`vm-${String(index + 1)} is said to have landed`);
      }
    });
    if (!entries.every(({ progress }) => isTerminal(progress))) problems.push('settled too early');
  }
  return problems;
}

/** Whether the work is over, or every instance that is not over waits for a human and says so. */
export function isRest({ record }: World): boolean {
  if (record.phase === 'settled') return true;
  const entries = Object.values(record.instances);
  return (
    entries.length > 0 &&
    entries.every(({ progress }) => isTerminal(progress) || progress.at === 'stuck')
  );
}
