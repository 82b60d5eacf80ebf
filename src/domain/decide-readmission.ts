import { expected, type Action } from './action.ts';
import type { Decision } from './decide.ts';
import type { Evacuation, Readmission } from './evacuation.ts';
import type { Service } from './host.ts';
import { flapHold } from './flap.ts';
import type { HostName } from './ids.ts';
import { NOT_ASKED } from './known.ts';
import { lifePauseMs, livenessOf, watchLife } from './life.ts';
import { disabledReason, parseDisabledReason } from './mark.ts';
import { stageOf, type Migration } from './migration.ts';
import type { Observation } from './observation.ts';
import type { Policy } from './policy.ts';
import { because, type Reason } from './reason.ts';
import { endOf } from './summary.ts';
import { holdOf } from './switches.ts';
import { formatMillis, type Instant } from './time.ts';

/**
 * The way back, in the order that Nova >= 24 forces: its nova-compute starts while the host is still
 * forced down and disabled, cleans up (`done` records become `completed`), only then may it be
 * un-forced, must be up, and is enabled last. Only what we imposed is lifted.
 */
export function decideReadmission(
  evacuation: Evacuation,
  observation: Observation,
  policy: Policy,
  now: Instant,
): Decision {
  const { fleet } = observation;
  if (fleet.kind === 'unknown') {
    const why = because('NH104', { what: 'the compute services', detail: fleet.why });
    return stay(evacuation, [why], [], policy, now);
  }
  const service = fleet.value.services.get(evacuation.host);
  if (service === undefined) {
    return stay(evacuation, [because('NH501', { host: evacuation.host })], [], policy, now);
  }
  if (service.state === 'unknown') {
    const why = because('NH104', { what: evacuation.host, detail: 'its cell cannot be reached' });
    return stay(evacuation, [why], [], policy, now);
  }
  const aggregates = observation.aggregates ?? NOT_ASKED;
  const held = holdOf(evacuation.host, observation.switches, aggregates, now).readmit;
  if (held.length > 0) {
    // Whoever takes this host for a dead destination must learn that it lives, held or not.
    const life = watchLife(evacuation.life, service, false, now);
    return stay({ ...evacuation, life }, held, [], policy, now);
  }
  return evacuation.phase === 'settled'
    ? awaitReturn(evacuation, service, observation, policy, now)
    : liftIsolation(evacuation, service, policy, now);
}

/** Settled: tell Nova so, then wait for a living nova-compute that has cleaned up. */
function awaitReturn(
  evacuation: Evacuation,
  service: Service,
  observation: Observation,
  policy: Policy,
  now: Instant,
): Decision {
  const { host } = evacuation;
  const label = relabel(evacuation, service);
  const life = watchLife(evacuation.life, service, label.length > 0, now);
  const next: Evacuation = { ...evacuation, life };
  if (!policy.readmit.automatic && !evacuation.readmission.asked) {
    return stay(next, [because('NH506', { host })], label, policy, now);
  }
  if (livenessOf(life, service, policy) !== 'alive') {
    return stay(next, [because('NH501', { host })], label, policy, now);
  }
  if (observation.migrations.kind === 'unknown') {
    const why = because('NH104', { what: 'the migrations', detail: observation.migrations.why });
    return stay(next, [why], label, policy, now);
  }
  const unclean = observation.migrations.value.filter((row) => isUnclean(row, evacuation));
  if (unclean.length > 0) {
    return stay(next, [because('NH502', { host, count: unclean.length })], label, policy, now);
  }
  const readmission: Readmission = {
    ...evacuation.readmission,
    cleanSince: now,
    upSince: null,
    upSeen: 0,
  };
  return liftIsolation(
    {
      ...next,
      phase: 'readmitting',
      phaseSince: now,
      endedAt: endOf(evacuation),
      readmission,
    },
    service,
    policy,
    now,
  );
}

/**
 * Whether a record says that nova-compute has not cleaned up, or that somebody is evacuating still. At
 * its start nova-compute completes one record per instance, the newest; what was lost on the way to an
 * earlier destination stays `accepted` or `pre-migrating` for ever, and means nothing once its instance
 * is elsewhere. A `done` one is what Nova's guard looks at: that needs another restart.
 */
function isUnclean(row: Migration, { instances, seenMigration }: Evacuation): boolean {
  const stage = stageOf(row.status);
  if (stage === 'arrived') return true;
  if (stage !== 'accepted' && stage !== 'building') return false;
  const at = instances[row.instance]?.progress.at;
  return row.id > seenMigration || (at !== 'landed' && at !== 'gone');
}

/** Our reason says that the evacuation is over, so that a wiped store can be rebuilt from Nova. */
function relabel(evacuation: Evacuation, service: Service): readonly Action[] {
  const ours = parseDisabledReason(service.disabledReason);
  if (service.status !== 'disabled' || ours?.event !== evacuation.mark.event) return [];
  if (ours.stage === 'evacuated') return [];
  const reason = disabledReason({ ...ours, stage: 'evacuated' });
  return [
    {
      do: 'change-service',
      service: service.id,
      change: { status: 'disabled', disabledReason: reason },
      expected: expected(service),
    },
  ];
}

/** How long a refused un-forcing is left alone at most. */
const UNFORCE_PAUSE_MS = 30_000;

/** Clean: un-force, see it up twice, let it prove its health, enable; each only if it was ours. */
function liftIsolation(
  evacuation: Evacuation,
  service: Service,
  policy: Policy,
  now: Instant,
): Decision {
  const { host, readmission } = evacuation;
  const before = evacuation.isolation?.before;
  if (service.forcedDown) {
    if (before?.forcedDown !== false) {
      return close(evacuation, 'an operator had forced it down before the failure', now);
    }
    const actions: Action[] = [
      { do: 'change-service', service: service.id, change: { forcedDown: false } },
    ];
    const waiting = reset(evacuation);
    const held = stay(waiting, [because('NH503', { host })], actions, policy, now);
    // Nova may refuse it for as long as a record says that the host is not clean.
    const pause = Math.min(UNFORCE_PAUSE_MS, (now - evacuation.phaseSince) / 2);
    return { ...held, wakeAt: now + Math.max(1000, pause) };
  }
  if (service.state === 'down')
    return stay(reset(evacuation), [because('NH503', { host })], [], policy, now);
  const upSince = readmission.upSince ?? now;
  const confirmed = now - upSince >= policy.readmit.confirmMs || readmission.asked;
  const next: Evacuation = {
    ...evacuation,
    readmission: { ...readmission, upSince, upSeen: readmission.upSeen + 1 },
  };
  if (service.status === 'enabled') {
    return confirmed
      ? close(next, null, now)
      : stay(next, [up(host, 'making sure that it stays up')], [], policy, now);
  }
  const ours = parseDisabledReason(service.disabledReason);
  if (before?.status !== 'enabled' || ours === null) {
    const detail = `an operator disabled it (${service.disabledReason ?? 'no reason given'})`;
    return confirmed
      ? close(next, detail, now)
      : stay(next, [up(host, 'making sure that it stays up')], [], policy, now);
  }
  if (policy.readmit.leaveDisabled && !readmission.asked) {
    return confirmed
      ? close(next, 'readmit.leave_disabled is set', now)
      : stay(next, [up(host, 'making sure that it stays up')], [], policy, now);
  }
  const flaps = flapHold(evacuation, policy, now);
  if (flaps !== null) return stay(next, [flaps], [], policy, now);
  const healthy = now - upSince >= Math.max(policy.readmit.healthyMs, policy.readmit.confirmMs);
  if (!healthy && !readmission.asked) {
    const time = formatMillis(policy.readmit.healthyMs);
    return stay(next, [because('NH504', { time, host })], [], policy, now);
  }
  const change = { status: 'enabled' } as const;
  const actions: Action[] = [
    { do: 'change-service', service: service.id, change, expected: expected(service) },
  ];
  return stay(next, [up(host, 'it is being enabled')], actions, policy, now);
}

const up = (host: HostName, detail: string): Reason => because('NH507', { host, detail });

const reset = (evacuation: Evacuation): Evacuation => ({
  ...evacuation,
  readmission: { ...evacuation.readmission, upSince: null, upSeen: 0 },
});

function close(evacuation: Evacuation, left: string | null, now: Instant): Decision {
  const { host } = evacuation;
  const reasons = left === null ? [] : [because('NH505', { host, detail: left })];
  return {
    next: {
      ...evacuation,
      phase: 'closed',
      phaseSince: now,
      endedAt: endOf(evacuation),
      reasons,
      ...(evacuation.readmission.asked ? { forgiven: true as const } : {}),
    },
    actions: [],
    wakeAt: null,
  };
}

function stay(
  evacuation: Evacuation,
  reasons: readonly Reason[],
  actions: readonly Action[],
  policy: Policy,
  now: Instant,
): Decision {
  const { idleMs } = policy.freshness;
  const usual = evacuation.life.moves > 0 ? Math.min(idleMs, lifePauseMs(policy)) : idleMs;
  const pause = actions.length > 0 ? 1000 : usual;
  return { next: { ...evacuation, reasons }, actions, wakeAt: now + pause };
}
