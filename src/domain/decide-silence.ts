import {
  candidates,
  isLabelled,
  policyFor,
  silentMs,
  type SilenceContext,
  type SilenceLook,
  type SilentAction,
  type SilentNeed,
  type SilentStep,
} from './died.ts';
import { silentStep, speaksStep } from './died-steps.ts';
import type { HostName } from './ids.ts';
import { known } from './known.ts';
import type { Policy } from './policy.ts';
import type { Reason } from './reason.ts';
import { isSilent, shouldSpeak, silenceOf, type Silence } from './silence.ts';
import type { SilentHost } from './switchboard.ts';
import { underMaintenance } from './switches.ts';
import type { Instant } from './time.ts';

/** What a look at the silent services comes to. */
export interface SilenceDecision {
  /** What is to be durable before anything is done. */
  readonly silent: readonly SilentHost[];
  readonly actions: readonly SilentAction[];
  readonly needs: readonly SilentNeed[];
  /** What became different, to be told once it is durable; a null reason: it reports again. */
  readonly told: readonly { readonly host: HostName; readonly why: Reason | null }[];
  /** Most services are silent at once: that is no host's failure. */
  readonly storm: Silence | null;
}

/**
 * What is done about hosts of which only the nova-compute is silent. Their guests run, so nothing of them
 * is evacuated; the most is that somebody is asked to switch a host off, and then its mark comes as for
 * any other failure. Level-triggered: what was written down and not carried out is done later. Nothing
 * new is decided while most services are silent, nor about hosts in a cell that Nova cannot reach.
 */
export function decideSilence(look: SilenceLook, policy: Policy, now: Instant): SilenceDecision {
  const context = contextOf(look, policy, now);
  const listed = new Map(look.board.silent.map((entry) => [entry.host, entry]));
  const hosts = [...new Set([...listed.keys(), ...candidates(look)])];
  const silent: SilentHost[] = [];
  const actions: SilentAction[] = [];
  const needs: SilentNeed[] = [];
  const told: { host: HostName; why: Reason | null }[] = [];
  for (const host of hosts) {
    const before = listed.get(host) ?? null;
    const found = step(context, host, before);
    // Of several hosts that could be switched off one is; the others wait for its end.
    const crowded =
      found.action?.do === 'switch-off' && actions.some((one) => one.do === 'switch-off');
    const { entry, action, need, told: words } = crowded ? { entry: before } : found;
    if (entry !== null) silent.push(entry);
    if (action !== undefined) actions.push(action);
    if (need !== undefined) needs.push(need);
    if (words !== undefined) told.push({ host, why: words });
  }
  return { silent, actions, needs, told, storm: context.storm };
}

function contextOf(look: SilenceLook, policy: Policy, now: Instant): SilenceContext {
  const { board, fleet, peers } = look;
  const maintenance = underMaintenance(known(board.switches, now), now);
  const storm = silenceOf({ fleet, peers, maintenance }, policy);
  const listed = new Set(board.silent.map(({ host }) => host));
  const suspects = candidates(look).filter(
    (host) => !maintenance.has(host) && (listed.has(host) || isLong(look, policy, host)),
  );
  return { ...look, policy, now, storm, maintenance, suspects: new Set(suspects) };
}

/** Whether a service is silent for as long as the policy of its host says, or was so before. */
function isLong(look: SilenceLook, general: Policy, host: HostName): boolean {
  const service = look.fleet.services.get(host);
  const policy = policyFor(look, general, host);
  if (policy === null || service === undefined || service.state === 'unknown') return false;
  return isLabelled(service) || (silentMs(service, look.fleet) ?? -1) >= policy.died.afterMs;
}

function step(context: SilenceContext, host: HostName, before: SilentHost | null): SilentStep {
  const service = context.fleet.services.get(host);
  const isOpen = context.peers.some((peer) => peer.host === host && peer.phase !== 'closed');
  // Deleted, or marked by now: then its mark says everything.
  if (service === undefined || isOpen) return { entry: null };
  if (service.state === 'unknown') return { entry: before };
  // Somebody else has disabled it or forced it down, so it is his.
  if (!isLabelled(service) && !shouldSpeak(service)) return { entry: null };
  if (!isSilent(service, context.fleet.newestReport ?? null))
    return speaksStep(context, service, before);
  if (context.maintenance.has(host)) return { entry: before?.disabled === true ? before : null };
  if (context.storm !== null || !context.suspects.has(host)) return { entry: before };
  const policy = policyFor(context, context.policy, host);
  return policy === null ? { entry: before } : silentStep({ ...context, policy }, service, before);
}
