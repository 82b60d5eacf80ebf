import { tracked, type Evacuation, type Progress, type Tracked } from './evacuation.ts';
import type { InstanceId } from './ids.ts';
import type { Policy } from './policy.ts';
import type { Instant } from './time.ts';

/**
 * A record as its new leaseholder may use it. Its waiting times were written by another clock, which
 * may have been wrong by an hour: a request of unknown outcome is watched anew for its full time, and
 * nothing waits longer than a pause of ours would be.
 */
export function takeOver(evacuation: Evacuation, policy: Policy, now: Instant): Evacuation {
  const latest = now + Math.max(policy.retry.backoffMaxMs, policy.retry.capacityMs) * 1.25;
  const instances: Record<InstanceId, Tracked> = {};
  let changed = false;
  for (const [id, entry] of tracked(evacuation)) {
    const progress = rebased(entry.progress, latest, now);
    changed ||= progress !== entry.progress;
    instances[id] = progress === entry.progress ? entry : { ...entry, progress };
  }
  // What was lost is watched for from now on, for its full time.
  const loss = evacuation.lostAt === undefined ? {} : { lostAt: now };
  const phaseSince = Math.min(evacuation.phaseSince, now);
  const upSince = evacuation.readmission.upSince === null ? null : now;
  return {
    ...evacuation,
    ...reserveBy(evacuation, now),
    ...(evacuation.phase === 'marked' ? loss : {}),
    phaseSince,
    ...(changed ? { instances } : {}),
    ...paceBy(evacuation, now),
    readmission: { ...evacuation.readmission, upSince },
  };
}

/** What was asked of a reserved host may take effect from now on for as long as ever. */
function reserveBy({ reserve }: Evacuation, now: Instant): Pick<Evacuation, 'reserve'> {
  if (reserve === undefined || reserve.claims.length === 0) return {};
  const claims = reserve.claims.map((claim) => ({
    ...claim,
    since: Math.min(claim.since, now),
    ...(claim.asked === undefined ? {} : { asked: now }),
    ...(claim.undone === undefined ? {} : { undone: now }),
  }));
  return { reserve: { ...reserve, since: Math.min(reserve.since, now), claims } };
}

/** Pauses between requests, from another clock, that lie ahead would be waited for in vain. */
function paceBy({ stage, window, sentAt }: Evacuation, now: Instant): Partial<Evacuation> {
  return {
    ...(stage === undefined ? {} : { stage: { ...stage, since: Math.min(stage.since, now) } }),
    ...(window === undefined ? {} : { window: { ...window, since: Math.min(window.since, now) } }),
    ...(sentAt === undefined ? {} : { sentAt: Math.min(sentAt, now) }),
  };
}

function rebased(progress: Progress, latest: Instant, now: Instant): Progress {
  switch (progress.at) {
    case 'intended':
    case 'resetting':
      return { ...progress, since: now };
    case 'recreating': {
      const { sent, notBefore } = progress;
      const since = Math.min(progress.since, now);
      const waits = notBefore > latest ? now : notBefore;
      return { ...progress, since, sent: sent === null ? null : now, notBefore: waits };
    }
    case 'pending':
      return progress.notBefore > latest ? { ...progress, notBefore: now } : progress;
    case 'accepted': {
      const { begun = -Infinity } = progress;
      if (Math.max(progress.since, progress.looked, begun) <= now) return progress;
      return {
        ...progress,
        since: Math.min(progress.since, now),
        looked: Math.min(progress.looked, now),
        ...(begun > now ? { begun: now } : {}),
      };
    }
    case 'arrived':
    case 'restoring':
    case 'stuck':
      return progress.since > now ? { ...progress, since: now } : progress;
    default:
      return progress;
  }
}
