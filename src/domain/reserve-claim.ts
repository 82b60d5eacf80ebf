import { expected, type Action } from './action.ts';
import type { Service } from './host.ts';
import { parseDisabledReason } from './mark.ts';
import { because, type Reason } from './reason.ts';
import { rivalsFor, type Reserve, type ReserveClaim, type ReserveSight } from './reserve.ts';

/** What a turn makes of one claim: it goes on, or ends for a reason. */
export interface ClaimStep {
  readonly claim: ReserveClaim | null;
  readonly actions: readonly Action[];
  readonly ended?: Reason;
  /** Why it is not given back yet. */
  readonly waits?: string;
}

/** The claim as it was, and nothing done. */
export const stay = (claim: ReserveClaim, waits?: string): ClaimStep =>
  waits === undefined ? { claim, actions: [] } : { claim, actions: [], waits };

/** No claim any more; what the reserved host is now, it stays. */
export const end = (why: Reason): ClaimStep => ({ claim: null, actions: [], ended: why });

/** Whether a reserved host has failed itself: what is done to it is the business of its own record. */
function lostTo({ host }: ReserveClaim, service: Service, { peers }: ReserveSight): boolean {
  const isOurs =
    service.status === 'disabled' && parseDisabledReason(service.disabledReason) !== null;
  return isOurs || peers.some((peer) => peer.host === host && peer.phase !== 'closed');
}

/** A reserved host that is ours to enable and to disable. */
export interface Shown {
  readonly is: 'enabled' | 'as-before';
  readonly service: Service;
}

/** How the service of a reserved host stands against the claim on it. */
export type Standing =
  | Shown
  | { readonly is: 'unseen'; readonly why: string }
  | { readonly is: 'failed' }
  | { readonly is: 'changed'; readonly detail: string };

/** Compares what Nova shows with what the claim remembers; an operator's hand shows in the reason. */
export function standingOf(claim: ReserveClaim, sight: ReserveSight): Standing {
  const service = sight.fleet.services.get(claim.host);
  if (service === undefined) return { is: 'unseen', why: 'Nova does not list it' };
  if (service.state === 'unknown') return { is: 'unseen', why: 'its cell cannot be reached' };
  if (lostTo(claim, service, sight)) return { is: 'failed' };
  // Cannot be, but for a store that was wiped: whoever has it now is left alone with it.
  const rival = rivalsFor(claim.host, sight).find(
    ({ reserves }) => reserves?.[claim.host] === 'taken',
  );
  if (rival !== undefined) return { is: 'changed', detail: `taken for ${rival.host} too` };
  if (service.status === 'enabled') return { is: 'enabled', service };
  if (claim.at !== 'taken' && isSameReason(service.disabledReason, claim.reason))
    return { is: 'as-before', service };
  return { is: 'changed', detail: `disabled: ${service.disabledReason ?? 'no reason given'}` };
}

/** No reason and an empty one are the same; Nova keeps 255 characters. */
const isSameReason = (a: string | null, b: string | null): boolean =>
  (a ?? '').slice(0, 255) === (b ?? '').slice(0, 255);

/** The claim that an operator, or a failure of its own, has taken out of our hands. */
export function endFor(claim: ReserveClaim, standing: Standing): ClaimStep {
  const { host: reserve } = claim;
  return standing.is === 'changed'
    ? end(because('NH332', { reserve, detail: standing.detail }))
    : end(because('NH334', { reserve }));
}

/** Enables a reserved host, or disables it with the reason that it had. */
export function put({ host, reason }: ReserveClaim, shown: Service, enable: boolean): Action {
  const common = { do: 'change-reserve', host, service: shown.id } as const;
  const seen = expected(shown);
  if (enable) return { ...common, change: { status: 'enabled' }, expected: seen };
  const words = reason === null || reason === '' ? {} : { disabledReason: reason };
  return { ...common, change: { status: 'disabled', ...words }, expected: seen };
}

/** The claims after one step each, with what is to be done about them. */
export function stepAll(
  reserve: Reserve,
  step: (claim: ReserveClaim) => ClaimStep,
): {
  readonly reserve: Reserve;
  readonly actions: readonly Action[];
  readonly waits: readonly Reason[];
} {
  const claims: ReserveClaim[] = [];
  const ended = [...reserve.ended];
  const actions: Action[] = [];
  const waits: Reason[] = [];
  for (const claim of reserve.claims) {
    const done = step(claim);
    const { host } = claim;
    if (done.claim !== null) claims.push(done.claim);
    if (done.ended !== undefined) ended.push({ host, why: done.ended });
    actions.push(...done.actions);
    if (done.waits !== undefined)
      waits.push(because('NH219', { reserve: host, detail: done.waits }));
  }
  return { reserve: { ...reserve, claims, ended }, actions, waits };
}
