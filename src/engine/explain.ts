import { sentenceOfProgress } from '../domain/changes.ts';
import { isInFlight, tracked, type Evacuation, type Tracked } from '../domain/evacuation.ts';
import type { HostName, InstanceId } from '../domain/ids.ts';
import type { Policy } from '../domain/policy.ts';
import { because, remedyOf, sentenceOf, type Reason } from '../domain/reason.ts';
import { reserveReasons, sentenceOfClaim } from '../domain/reserve-changes.ts';
import { sentenceOfSlot } from '../domain/schedule.ts';
import { formatInstant, type Instant } from '../domain/time.ts';
import {
  fitText,
  forecastText,
  orderWords,
  outlookFacts,
  type OrderWords,
} from './explain-order.ts';
import type { Plan } from './plan-host.ts';
import type { PlannedInstance } from './plan-instances.ts';

/** Why an instance is where it is, or where it would be. */
export interface InstanceExplanation {
  readonly id: InstanceId;
  readonly name: string;
  /** A progress of the record, or `evacuate` or `skip` of a plan. */
  readonly state: string;
  /** What decided: a reason of the catalogue, a rule of the configuration. */
  readonly rule: string;
  /** What was seen of it. */
  readonly observation: string;
  /** What follows from both. */
  readonly decision: string;
  readonly code: string | null;
  readonly remedy: string | null;
  /** When it is sent, and what said so; null for what stays. */
  readonly order: string | null;
  /** Whether there is room for it; null where nobody compared. */
  readonly room: string | null;
  readonly attempts: number;
  readonly migration: number | null;
  readonly destination: HostName | null;
}

/** A thing about the host, under a stable name. */
export type HostFact = readonly [name: string, text: string];

/** Why a host and its instances are where they are. */
export interface Explanation {
  readonly host: HostName;
  /** `record`: what has been decided; `plan`: what would be. */
  readonly from: 'record' | 'plan';
  readonly facts: readonly HostFact[];
  /** What holds it, each with its remedy. */
  readonly reasons: readonly Reason[];
  readonly instances: readonly InstanceExplanation[];
}

/** Explains a record: everything that it knows, none of it looked up anew. */
export function explainRecord(record: Evacuation, policy: Policy, now: Instant): Explanation {
  const { host, mark, proof, isolation, forecast } = record;
  const words = orderWords(record, policy, now);
  const facts: HostFact[] = [
    ['phase', `${record.phase} since ${formatInstant(record.phaseSince)}`],
    ['mark', `${mark.event} by ${mark.by} (${mark.origin}) at ${formatInstant(mark.firstAt)}`],
    [
      'proof',
      proof === null
        ? 'none so far: nothing says that the host is off'
        : `${proof.detail} (${proof.source}, ${formatInstant(proof.at)})`,
    ],
    ['isolation', isolationText(isolation, record.excused)],
    ['profile', profileText(record, policy)],
    ...(words.groups === null ? [] : [['groups', words.groups] as const]),
    ...(forecast === undefined ? [] : [['room', forecastText(forecast)] as const]),
    ...reserveFacts(record),
    ['waits for', waitingFor(record, now)],
  ];
  const instances = tracked(record).map(([id, entry]) => explainTracked(record, id, entry, words));
  const reasons = [...record.reasons, ...reserveReasons(record)];
  return { host, from: 'record', facts, reasons, instances };
}

/** The reserved hosts that are claimed for it, if any ever were. */
function reserveFacts({ reserve }: Evacuation): readonly HostFact[] {
  if (reserve === undefined) return [];
  const claims = reserve.claims.map(
    (claim) => `${sentenceOfClaim(claim)} (since ${formatInstant(claim.since)})`,
  );
  return [['reserve', claims.length === 0 ? 'none is claimed' : claims.join('; ')]];
}

/** Explains what would become of a host that is not marked. */
export function explainPlan(plan: Plan): Explanation {
  const { host, service, problems, profile, reserve } = plan;
  const state =
    service === null || service.state === 'unknown'
      ? 'not shown by Nova'
      : `${service.status}, ${service.state}${service.forcedDown ? ', forced down' : ''}`;
  return {
    host,
    from: 'plan',
    facts: [
      ['phase', 'not marked; this is what an evacuation would do'],
      ['service', state],
      ['profile', `${profile.name ?? 'none'} (${profile.why})`],
      ...outlookFacts(plan),
      ...(reserve === null ? [] : [['reserve', sentenceOf(reserve)] as const]),
    ],
    reasons: [...problems, ...plan.holds, ...plan.notes],
    instances: plan.instances.map((one) => explainPlanned(host, one)),
  };
}

function explainPlanned(host: HostName, planned: PlannedInstance): InstanceExplanation {
  const { id, name, vmState, verdict, why, by, slot, fit } = planned;
  const whole = why === null ? null : filled(why, host, id);
  return {
    id,
    name,
    state: verdict,
    rule:
      whole === null
        ? (by ?? 'nothing narrows the choice (select.mode is all)')
        : `${whole.code}: ${sentenceOf(whole)}`,
    observation: `vm_state ${vmState}`,
    decision: verdict === 'evacuate' ? 'it would be evacuated' : 'it would be left where it is',
    code: whole?.code ?? null,
    remedy: whole === null ? null : remedyOf(whole),
    order: slot === null ? null : sentenceOfSlot(slot),
    room: fitText(fit),
    attempts: 0,
    migration: null,
    destination: null,
  };
}

function explainTracked(
  record: Evacuation,
  id: InstanceId,
  entry: Tracked,
  words: OrderWords,
): InstanceExplanation {
  const { progress, name } = entry;
  const why = whyOf(entry, record, id) ?? (progress.at === 'pending' ? words.waitOf(entry) : null);
  return {
    id,
    name,
    state: progress.at,
    rule: why === null ? ruleOf(record, entry) : `${why.code}: ${sentenceOf(why)}`,
    observation: observationOf(entry),
    decision: sentenceOfProgress(progress),
    code: why?.code ?? null,
    remedy: why === null ? null : remedyOf(why),
    order: progress.at === 'skipped' ? null : words.orderOf(entry),
    room: null,
    attempts: 'attempt' in progress ? progress.attempt : 0,
    migration: 'migration' in progress ? progress.migration : null,
    destination: 'destination' in progress ? progress.destination : null,
  };
}

/** The instance's own reason, else what holds the whole host while it waits. */
function whyOf({ progress }: Tracked, record: Evacuation, id: InstanceId): Reason | null {
  if ('why' in progress && progress.why !== null) return filled(progress.why, record.host, id);
  if (progress.at === 'landed' && progress.restored === 'failed')
    return because('NH411', { id, detail: 'it did not stop in time' });
  return progress.at === 'pending' ? (record.reasons[0] ?? null) : null;
}

const filled = (why: Reason, host: HostName, id: InstanceId): Reason => ({
  code: why.code,
  values: { host, id, ...why.values },
});

function ruleOf({ mark, profile }: Evacuation, { progress }: Tracked): string {
  if (progress.at === 'gone') return 'Nova knows no such instance any more';
  const policy = profile === undefined ? 'the general policy' : `the profile ${profile}`;
  const asked = mark.request.instances === null ? `${policy} selects it` : 'it was asked for by id';
  return 'attempt' in progress && progress.attempt === 0 && isInFlight(progress)
    ? 'Nova was evacuating it already when the host was counted'
    : `${asked}, and nothing forbids to evacuate it`;
}

const POWER: Readonly<Record<number, string>> = {
  0: 'no power state',
  1: 'running',
  3: 'paused',
  4: 'shut down',
  6: 'crashed',
  7: 'suspended',
};

/** What it was when the host was counted, and the migration that was seen since. */
function observationOf({ before, progress }: Tracked): string {
  const { vmState, taskState, powerState, locked } = before;
  const parts = [`vm_state ${vmState}`, POWER[powerState] ?? `power_state ${String(powerState)}`];
  if (taskState !== null) parts.push(`task_state ${taskState}`);
  if (locked) parts.push('locked');
  if ('migration' in progress && progress.migration !== null)
    parts.push(`migration ${String(progress.migration)}`);
  if ('destination' in progress && progress.destination !== null)
    parts.push(`${progress.at === 'landed' ? 'now' : 'towards'} ${progress.destination}`);
  return parts.join(', ');
}

function isolationText(isolation: Evacuation['isolation'], excused: boolean): string {
  if (isolation === null) return 'not asked for yet';
  const { before, since, seen } = isolation;
  const was = `before, it was ${before.status}${before.forcedDown ? ' and forced down' : ''}`;
  if (seen) return `Nova shows it down and disabled by us since ${formatInstant(since)}; ${was}`;
  return `asked for at ${formatInstant(since)}, not seen yet${excused ? ', given up waiting' : ''}; ${was}`;
}

function profileText({ profile, phase }: Evacuation, policy: Policy): string {
  if (profile === undefined)
    return phase === 'marked' ? 'chosen when the host is counted' : 'none, the general policy';
  return policy.profiles[profile] === undefined
    ? `${profile}, which is configured no more: the general policy`
    : profile;
}

/** What the host waits for, and until when where that is known. */
function waitingFor(record: Evacuation, now: Instant): string {
  const [held] = record.reasons;
  if (held !== undefined) return `${sentenceOf(held)} (${held.code})`;
  const progresses = tracked(record).map(([, { progress }]) => progress);
  switch (record.phase) {
    case 'marked':
      return 'the next look';
    case 'evacuating': {
      const flying = progresses.filter(isInFlight).length;
      if (flying > 0) return `${String(flying)} evacuations that are under way in Nova`;
      const next = progresses.flatMap((one) => (one.at === 'pending' ? [one.notBefore] : []));
      const soonest = Math.min(...next);
      if (next.length > 0 && soonest > now) return `the next try at ${formatInstant(soonest)}`;
      const stuck = progresses.filter(({ at }) => at === 'stuck').length;
      return stuck > 0 ? `a human, for ${String(stuck)} instances` : 'the next look';
    }
    case 'settled':
      return 'the host: it is taken back when it returns';
    case 'readmitting':
      return 'the end of its probation, then it is enabled';
    case 'closed':
      return 'nothing';
  }
}
