import type { Action } from '../domain/action.ts';
import type { HostName } from '../domain/ids.ts';
import type { Answer } from '../domain/observation.ts';
import { refused } from '../domain/outcome.ts';
import type { Policy } from '../domain/policy.ts';
import type { FleetCache } from './fleet-cache.ts';
import { performOnReserve } from './perform-on-reserve.ts';
import type { Compute, Log } from './ports.ts';
import { changedSince } from './unchanged.ts';

/** What performing needs of the world. */
export interface PerformingParts {
  readonly compute: Compute;
  readonly fleet: FleetCache;
  readonly policy: Policy;
  readonly log: Log;
}

/** Asked right before every single action. */
export interface Permission {
  /** False as soon as the lease may have passed to another worker. */
  readonly mayAct: () => boolean;
  /** False when the decision has become too old to be sent. */
  readonly isFresh: () => boolean;
  /** Resolves when an action may start, by its place in the order; at once where nothing paces them. */
  readonly turnOf?: ((place: number) => Promise<void>) | undefined;
}

/**
 * Performs the actions of a decision that is durable, a few at a time. A worker whose lease may have
 * passed to another does nothing more, and neither is an old decision carried out. The answers to
 * requests about instances (what certainly was not sent among them) are an observation for the next
 * turn; the state is not touched here.
 */
export async function perform(
  parts: PerformingParts,
  host: HostName,
  actions: readonly Action[],
  { mayAct, isFresh, turnOf }: Permission,
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  let place = 0;
  const queue = [...actions];
  const stop = (why: string): void => {
    parts.log.warn(`${why}; nothing more is done.`, { host });
    for (const left of queue.splice(0)) {
      if (!('attempt' in left)) continue;
      const { instance, attempt } = left;
      const to = left.do === 'evacuate' ? {} : { to: left.do };
      answers.push({ instance, ...to, attempt, outcome: refused('not-sent', why) });
    }
  };
  const lane = async (): Promise<void> => {
    while (queue.length > 0) {
      const mine = place;
      place += 1;
      if (turnOf !== undefined) await turnOf(mine);
      const [action] = queue;
      if (action === undefined) return;
      if (!mayAct()) stop(`The lease on ${host} is not certain any more`);
      else if (!isFresh()) stop(`The decision on ${host} has become too old to be sent`);
      else {
        queue.shift();
        const answer = await performOne(parts, host, action, () => mayAct() && isFresh());
        if (answer !== null) answers.push(answer);
      }
    }
  };
  const lanes = Math.max(1, Math.min(parts.policy.pace.posts, actions.length));
  await Promise.all(Array.from({ length: lanes }, lane));
  return answers;
}

async function performOne(
  parts: PerformingParts,
  host: HostName,
  action: Action,
  mayLeave: () => boolean,
): Promise<Answer | null> {
  const { compute, log } = parts;
  switch (action.do) {
    case 'change-service':
      await changeService(parts, host, action, mayLeave);
      return null;
    case 'change-reserve':
    case 'join-aggregate':
    case 'leave-aggregate':
      await performOnReserve(parts, host, action, mayLeave);
      return null;
    case 'evacuate': {
      const { instance, attempt, target, stopped } = action;
      const end = stopped === true ? 'stopped' : undefined;
      const outcome = await compute.evacuate(instance, target, mayLeave, end);
      return { instance, attempt, outcome };
    }
    case 'reset-state': {
      const { instance, attempt } = action;
      const outcome = await compute.resetState(instance, 'error', mayLeave);
      return { instance, to: 'reset-state', attempt, outcome };
    }
    case 'rebuild': {
      const { instance, attempt, image } = action;
      const outcome = await compute.rebuild(instance, image, mayLeave);
      return { instance, to: 'rebuild', attempt, outcome };
    }
    case 'stop': {
      const outcome = await compute.stop(action.instance, mayLeave);
      if (outcome.kind !== 'applied') {
        const why = outcome.kind === 'refused' ? outcome.refusal.message : outcome.why;
        log.warn(`Instance ${action.instance} could not be stopped again: ${why}`, {
          host,
          instance: action.instance,
        });
      }
      return null;
    }
  }
}

async function changeService(
  { compute, fleet, log }: PerformingParts,
  host: HostName,
  { service, change, expected }: Extract<Action, { do: 'change-service' }>,
  mayLeave: () => boolean,
): Promise<void> {
  const why = expected === undefined ? null : await changedSince(fleet, host, expected);
  if (why !== null) {
    log.info(`The compute service of ${host} is left as it is: ${why}; looking again.`, { host });
    return;
  }
  const outcome = await compute.changeService(service, change, mayLeave);
  fleet.forget();
  const fields = { host, change };
  if (outcome.kind === 'refused') {
    const { message } = outcome.refusal;
    log.warn(`Nova refused to change the compute service of ${host}: ${message}`, fields);
  }
  if (outcome.kind === 'uncertain') {
    const { why } = outcome;
    log.warn(`Whether the compute service of ${host} was changed is not known: ${why}`, fields);
  }
}
