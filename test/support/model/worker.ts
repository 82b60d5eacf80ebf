import type { Action } from '../../../src/domain/action.ts';
import type { Answer } from '../../../src/domain/observation.ts';
import { applied, refused, uncertain } from '../../../src/domain/outcome.ts';
import { arrive, mayEvacuate, setWorker, spend, type Next } from './change.ts';
import type { Laws, Turns } from './laws.ts';
import { indexOfVm } from './observe.ts';
import { BLANK, isBusy, LEASE_TICKS, type Memory, type World } from './world.ts';

/** A worker that finds its lease or its decision too old drops what it has in hand. */
export function withoutTheLate(world: World, laws: Laws): World {
  const workers = world.workers.map((memory) => {
    const may = laws.mayAct(memory);
    if (!may && (memory.leaseTicks ?? LEASE_TICKS) >= LEASE_TICKS) return BLANK;
    return may && laws.isFresh(memory) ? memory : { ...stopped(memory), decided: null };
  });
  return { ...world, workers };
}

/** Everything that one worker may do next. */
export function workerSteps(
  world: World,
  memory: Memory,
  who: number,
  laws: Laws,
  taken: Turns,
): readonly Next[] {
  const next: Next[] = [];
  const name = `worker ${String(who + 1)}`;
  const add = (label: string, after: World, broken: readonly string[] = []): void => {
    next.push({ label: `${name} ${label}`, world: after, broken });
  };
  const isIdle = !isBusy(memory);
  if (world.budget.crashes > 0 && (memory.leaseTicks !== null || !isIdle)) {
    add('crashes', {
      ...world,
      workers: setWorker(world, who, BLANK),
      budget: spend(world, 'crashes'),
    });
  }
  if (world.lease === null || (world.lease.holder === who && world.lease.ticks > 0)) {
    // A new lease is a new epoch: what was decided under the old one is not done any more.
    const kept = world.lease === null ? BLANK : memory;
    const mine = { ...kept, leaseTicks: 0 };
    const lease = { holder: who, ticks: 0 };
    add('takes the lease', { ...world, lease, workers: setWorker(world, who, mine) });
  }
  if (isIdle && laws.mayAct(memory)) next.push(...turns(world, memory, who, laws, taken));
  if (memory.decided !== null) add('persists', persist(world, memory, who, laws));
  const action = memory.todo[0];
  if (action !== undefined) {
    const rest = { ...memory, todo: memory.todo.slice(1) };
    if (laws.mayAct(memory) && laws.isFresh(memory))
      for (const one of perform(world, rest, who, action)) next.push(one);
    else add('stops', { ...world, workers: setWorker(world, who, stopped(memory)) });
  }
  return next;
}

/** Nothing more is done; of what was to be sent it is certain that it was not. */
function stopped(memory: Memory): Memory {
  const unsent = memory.todo.flatMap((action): readonly Answer[] => {
    if (action.do !== 'evacuate') return [];
    const { instance, attempt } = action;
    return [{ instance, attempt, outcome: refused('not-sent', 'too late') }];
  });
  return { ...memory, todo: [], answers: [...memory.answers, ...unsent] };
}

function turns(
  world: World,
  memory: Memory,
  who: number,
  laws: Laws,
  taken: Turns,
): readonly Next[] {
  const { phase } = world.record;
  if (phase !== 'marked' && phase !== 'evacuating') return [];
  return [false, true].flatMap((blind) => {
    if (blind && world.budget.reads <= 0) return [];
    const budget = blind ? spend(world, 'reads') : world.budget;
    const { decided, broken } = taken.take(world, memory, blind);
    // Nothing to write and nothing to do.
    if (decided.next === world.record && decided.actions.length === 0 && !blind) return [];
    const todo = laws.persistFirst ? [] : decided.actions;
    const workers = setWorker(world, who, { ...memory, decided, todo, turnTicks: 0 });
    const label = `worker ${String(who + 1)} decides${blind ? ' blindly' : ''}`;
    return [{ label, world: { ...world, budget, workers }, broken }];
  });
}

/** The write; what others have decided meanwhile is out of date from now on. */
function persist(world: World, memory: Memory, who: number, laws: Laws): World {
  if (memory.decided === null) return world;
  const { next, actions } = memory.decided;
  const answers = memory.answers.filter((answer) =>
    isOpen(answer, next.instances[answer.instance]),
  );
  const todo = laws.persistFirst ? actions : memory.todo;
  const mine: Memory = { ...memory, decided: null, todo, answers, isNew: false };
  const workers = setWorker(world, who, mine).map((other, index) =>
    index === who || !laws.compareAndSet ? other : { ...other, decided: null },
  );
  return { ...world, record: next, workers };
}

const isOpen = (
  answer: Answer,
  entry: World['record']['instances'][Answer['instance']] | undefined,
) => entry?.progress.at === 'intended' && entry.progress.attempt === answer.attempt;

function perform(world: World, memory: Memory, who: number, action: Action): readonly Next[] {
  const name = `worker ${String(who + 1)}`;
  const sent = { ...world, workers: setWorker(world, who, memory) };
  const troubled = { ...sent, budget: spend(world, 'requests') };
  if (action.do === 'change-service') {
    const { disabledReason = null } = action.change;
    const put = (base: World): World => ({
      ...base,
      source: {
        ...base.source,
        disabledReason: disabledReason ?? base.source.disabledReason,
        forcedDown: action.change.forcedDown ?? base.source.forcedDown,
        // Only that it moved matters, and from what.
        puts: (base.source.puts + 1) % 4,
      },
    });
    const done = { label: `${name} isolates`, world: put(sent), broken: [] };
    if (world.budget.requests <= 0) return [done];
    return [
      done,
      { label: `${name} isolates, unanswered`, world: put(troubled), broken: [] },
      { label: `${name} isolates, in vain`, world: troubled, broken: [] },
    ];
  }
  if (!('instance' in action))
    return [{ label: `${name} minds a reserve`, world: sent, broken: [] }];
  if (action.do === 'stop') return [{ label: `${name} stops a guest`, world: sent, broken: [] }];
  const which = indexOfVm(world, action.instance);
  const vm = world.vms[which];
  const { instance, attempt } = action;
  const answered = (base: World, outcome: Answer['outcome']): World => {
    const answers = [...memory.answers, { instance, attempt, outcome }];
    return { ...base, workers: setWorker(base, who, { ...memory, answers }) };
  };
  const heard =
    vm !== undefined && mayEvacuate(world, vm)
      ? answered(arrive(sent, which), applied({ requestId: null }))
      : answered(sent, refused('service-up', 'still in use', 400));
  const label = `${name} sends vm-${String(which + 1)}`;
  const next: Next[] = [{ label, world: heard, broken: [] }];
  if (world.budget.requests <= 0) return next;
  const limbo = [...world.limbo, { vm: which, ticks: 0 }];
  const silence = uncertain('time-out');
  return [
    ...next,
    {
      label: `${label}, unanswered`,
      world: answered(arrive(troubled, which), silence),
      broken: [],
    },
    { label: `${label}, in vain`, world: answered(troubled, silence), broken: [] },
    { label: `${label}, late`, world: answered({ ...troubled, limbo }, silence), broken: [] },
    {
      label: `${label}, not taken`,
      world: answered(troubled, refused('not-sent', 'connection refused')),
      broken: [],
    },
  ];
}
