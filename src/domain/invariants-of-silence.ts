import { isAwaited } from './died-steps.ts';
import { isLabelled, type SilenceLook, type SilentAction } from './died.ts';
import type { SilenceDecision } from './decide-silence.ts';
import type { Service } from './host.ts';
import type { Policy } from './policy.ts';
import { isSilent } from './silence.ts';
import type { Instant } from './time.ts';

/** A look at the silent services, with everything that it was decided on. */
export interface SilenceJudged {
  readonly look: SilenceLook;
  readonly decision: SilenceDecision;
  readonly policy: Policy;
  readonly now: Instant;
}

/** Every promise that a look at silent services breaks; empty for a sound one. */
export function silenceViolations(judged: SilenceJudged): readonly string[] {
  const { look, decision } = judged;
  const broken = decision.actions.flatMap((action) => {
    const service = look.fleet.services.get(action.host);
    if (service === undefined || service.state === 'unknown')
      return [`${action.do} of ${action.host}, which Nova does not show`];
    const why = fault(judged, action, service);
    return why === null ? [] : [`${action.do} of ${action.host}: ${why}`];
  });
  const off = decision.actions.filter((one) => one.do === 'switch-off');
  const hosts = decision.silent.map(({ host }) => host);
  if (off.length > 1) broken.push(`${String(off.length)} hosts are switched off at once`);
  if (new Set(hosts).size < hosts.length) broken.push('a host has two entries');
  return broken;
}

function fault(judged: SilenceJudged, action: SilentAction, service: Service): string | null {
  const { look, decision, now } = judged;
  const { host } = action;
  const before = look.board.silent.find((one) => one.host === host);
  const after = decision.silent.find((one) => one.host === host);
  if (after === undefined) return 'nothing of it is durable';
  if (look.peers.some((peer) => peer.host === host && peer.phase !== 'closed'))
    return 'it is marked';
  const silent = isSilent(service, look.fleet.newestReport ?? null);
  switch (action.do) {
    case 'enable':
      if (!isLabelled(service)) return 'somebody else had disabled it';
      return silent ? 'it is silent' : null;
    case 'disable':
      if (service.status === 'disabled') return 'it is disabled already';
      if (!silent) return 'it reports';
      return after.label === action.label ? null : 'its label is not durable';
    case 'mark': {
      const { asked } = before ?? {};
      return asked === undefined || action.proof.at < asked - judged.policy.fence.skewMs
        ? 'no proof since it was asked for'
        : null;
    }
    case 'switch-off':
      return decision.storm === null ? faultOfOff(judged, silent) : 'most services are silent';
  }

  function faultOfOff({ look: seen }: SilenceJudged, isQuiet: boolean): string | null {
    const { count, presence, objection } = seen.facts.get(host) ?? {};
    const under = seen.board.silent.some((one) => isAwaited({ peers: seen.peers, now }, one));
    if (!isQuiet || service.forcedDown) return 'it is not silent';
    if (before?.asked !== undefined) return 'it was asked for before';
    if (after?.asked !== now) return 'the request is not durable';
    if (under) return 'another host is being switched off';
    if (count?.kind !== 'known' || count.value === 0) return 'nothing is known to run there';
    if (objection?.kind !== 'known' || objection.value !== null) return 'nobody can';
    if (presence?.kind !== 'known') return 'it is unknown whether it lives';
    return ['lost', 'fenced'].includes(presence.value) ? 'it is for Pacemaker to fence' : null;
  }
}
