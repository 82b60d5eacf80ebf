import type { Action } from './action.ts';
import type { Evacuation, Isolation, Life } from './evacuation.ts';
import type { Service, ServiceBefore, ServiceChange } from './host.ts';
import { watchLife } from './life.ts';
import { disabledReason, parseDisabledReason, type ReasonStage } from './mark.ts';
import type { Policy } from './policy.ts';
import type { Instant } from './time.ts';

/**
 * What the service was before *we* touched it. A reason of ours (of this event or an earlier one that
 * was never lifted, or from before the store was wiped) means that it was enabled, and up unless the
 * reason says that somebody else had forced it down.
 */
export function serviceBefore(service: Service): ServiceBefore {
  const ours = parseDisabledReason(service.disabledReason);
  if (ours !== null) {
    const forcedDown = ours.theirs === true && service.forcedDown;
    return { status: 'enabled', disabledReason: null, forcedDown };
  }
  return {
    status: service.status,
    disabledReason: service.disabledReason,
    forcedDown: service.forcedDown,
  };
}

/**
 * The one PUT that isolates a host, or null when nothing is missing. What an operator disabled keeps
 * his reason: sending `disabled` again would erase it. Disabling and forcing down go together, since a
 * disable alone makes nova-api call the dead nova-compute and hang for its RPC time-out.
 */
export function isolatingChange(
  evacuation: Evacuation,
  service: Service,
  policy: Policy,
): ServiceChange | null {
  const ours = parseDisabledReason(service.disabledReason);
  const wanted = { event: evacuation.mark.event, stage: 'evacuating' as ReasonStage };
  const before = evacuation.isolation?.before ?? serviceBefore(service);
  const current = ours?.event === wanted.event && ours.stage === wanted.stage;
  const disable = service.status === 'enabled' || (ours !== null && !current);
  const force = policy.fence.isolation === 'force-down' && !service.forcedDown;
  if (!disable && !force) return null;
  return {
    ...(disable
      ? {
          status: 'disabled' as const,
          disabledReason: disabledReason({
            ...wanted,
            trusted: evacuation.mark.claim !== null,
            ...(before.forcedDown ? { theirs: true } : {}),
          }),
        }
      : {}),
    ...(force ? { forcedDown: true } : {}),
  };
}

/** Whether Nova itself shows the host as isolated in the way that the policy wants. */
export function isIsolated(service: Service, policy: Policy): boolean {
  if (service.state !== 'down') return false;
  return policy.fence.isolation === 'force-down'
    ? service.forcedDown
    : service.forcedDown || service.status === 'disabled';
}

/**
 * Whether nothing is missing any more. Our label of an earlier event on a host that is isolated already
 * is renewed beside the work: nobody has to wait for it.
 */
export function isReady(change: ServiceChange | null, service: Service, policy: Policy): boolean {
  const label = change !== null && service.status === 'disabled' && change.forcedDown === undefined;
  return (change === null || label) && isIsolated(service, policy);
}

/** The isolation brought up to date, the action that is missing, and the signs of life. */
export interface IsolationStep {
  readonly isolation: Isolation;
  readonly life: Life;
  readonly actions: readonly Action[];
  /** What to add to the record when it turns out that an earlier one was lost; usually nothing. */
  readonly loss: Pick<Evacuation, 'lostAt'>;
}

/** Isolates (once): after it was seen, an operator who lifts it is not overruled. */
export function isolate(
  evacuation: Evacuation,
  service: Service,
  policy: Policy,
  now: Instant,
): IsolationStep {
  const isolation: Isolation =
    evacuation.isolation === null
      ? { before: serviceBefore(service), wasUp: service.state === 'up', since: now, seen: false }
      : strengthened(evacuation.isolation, policy);
  const change = isolation.seen ? null : isolatingChange(evacuation, service, policy);
  const seen = isolation.seen || isReady(change, service, policy);
  const waits = seen && !isolation.seen && !service.forcedDown;
  return {
    isolation: watched(
      { ...isolation, seen, ...(waits ? { waited: true } : {}) },
      service,
      policy,
      now,
    ),
    life: watchLife(evacuation.life, service, change !== null, now),
    actions: change === null ? [] : [{ do: 'change-service', service: service.id, change }],
    loss: isOfLostRecord(evacuation, service) ? { lostAt: now } : {},
  };
}

/** Notes since when an isolation that was seen is seen no more. */
function watched(isolation: Isolation, service: Service, policy: Policy, now: Instant): Isolation {
  const { liftedAt, ...rest } = isolation;
  if (!isolation.seen || isIsolated(service, policy)) return rest;
  return { ...rest, liftedAt: liftedAt ?? now };
}

/** Whether somebody lifted it so long ago that it holds no other host back any more. */
export function isLiftedForLong({ liftedAt }: Isolation, { fence }: Policy, now: Instant): boolean {
  return liftedAt !== undefined && now - liftedAt >= fence.patienceMs;
}

/** Isolated while the policy was content with waiting: under one that forces down it is done anew. */
function strengthened(isolation: Isolation, policy: Policy): Isolation {
  const { waited, ...rest } = isolation;
  const tooWeak = waited === true && policy.fence.isolation === 'force-down';
  return tooWeak ? { ...rest, seen: false } : isolation;
}

/**
 * Whether the service carries our label of an evacuation under way that is not this one, and this one
 * has not begun: the store was wiped, and the host was marked anew before its mark could be rebuilt.
 */
function isOfLostRecord({ isolation, mark }: Evacuation, service: Service): boolean {
  const ours = parseDisabledReason(service.disabledReason);
  return isolation === null && ours?.stage === 'evacuating' && ours.event !== mark.event;
}
