import { isAnswerTo } from '../domain/answers.ts';
import { changesBetween, type Change } from '../domain/changes.ts';
import { decide } from '../domain/decide.ts';
import { tracked, type Evacuation } from '../domain/evacuation.ts';
import type { HostName } from '../domain/ids.ts';
import { violations } from '../domain/invariants.ts';
import type { Answer } from '../domain/observation.ts';
import { sentenceOf, severityOf } from '../domain/reason.ts';
import { takeOver } from '../domain/take-over.ts';
import type { Instant, Millis } from '../domain/time.ts';
import { giveWay } from './give-way.ts';
import { observe, type ObservingParts } from './observe.ts';
import { perform, type PerformingParts } from './perform.ts';
import type { Clock } from './ports.ts';

/** What decides a turn, and what judges the decision. */
export interface DecisionCore {
  readonly decide: typeof decide;
  readonly violations: typeof violations;
}

/** What a turn needs of the world. */
export interface TurnParts extends ObservingParts, PerformingParts {
  readonly clock: Clock;
  /** Only the tests of the tests give another core than the real one: a broken one must be noticed. */
  readonly core?: DecisionCore;
}

/** The right to work on the host during this turn. */
export interface Tenure {
  readonly epoch: number;
  /** False as soon as the lease may have passed to another worker. */
  readonly mayAct: () => boolean;
  /** True until the first turn under a new epoch is done: the record may carry another clock's times. */
  readonly isNew?: boolean;
}

/** What a turn came to. */
export interface TurnResult {
  /** `lost`: another worker has the host; `again`: the record changed under us, take another turn. */
  readonly kind: 'done' | 'again' | 'lost' | 'unreachable';
  readonly evacuation: Evacuation | null;
  readonly answers: readonly Answer[];
  readonly wakeAt: Instant | null;
  readonly sentence: string;
}

/** The share of the time for which an uncertain request is watched in which it must have left. */
const SEND_WITHIN = 1 / 3;

/** A broken invariant: a bug. The process ends and is restarted; the record was not touched. */
export class BrokenInvariant extends Error {}

/**
 * One turn of one host: observe, decide, assert the invariants, persist, perform. A crash between any
 * two steps is harmless: before the write nothing happened; after it the intents are durable, and the
 * next turn sees in Nova which of them were carried out.
 */
export async function takeTurn(
  parts: TurnParts,
  host: HostName,
  tenure: Tenure,
  answers: readonly Answer[],
): Promise<TurnResult> {
  const stored = await parts.store.read(host);
  if (stored.kind === 'unknown')
    return unreachable(`The store does not answer: ${stored.why}`, answers);
  const record = stored.value;
  if (record === null) return result('done', null, [], null, `${host} has no record any more`);
  if (record.epoch !== tenure.epoch || !tenure.mayAct()) return lost(host);
  const startedAt = parts.clock.now();
  const before =
    tenure.isNew === true
      ? takeOver(record.evacuation, parts.policy, startedAt)
      : record.evacuation;
  const observation = await observe(parts, before, answers, startedAt);
  const now = parts.clock.now();
  const decidedMs = parts.clock.monotonicMs();
  const core = parts.core ?? { decide, violations };
  const decision = core.decide(before, observation, parts.policy, now);
  const broken = core.violations({ before, observation, decision, policy: parts.policy, now });
  if (broken.length > 0) {
    throw new BrokenInvariant(broken.map((one) => `${one.invariant}: ${one.detail}`).join('; '));
  }
  if (!tenure.mayAct()) return lost(host);
  const { next } = decision;
  const changes = changesBetween(before, next);
  if (changes.length > 0 || differs(record.evacuation, next)) {
    const expectation = { version: record.version, epoch: tenure.epoch };
    const outcome = await parts.store.write(expectation, next);
    if (outcome.kind === 'refused' && outcome.refusal.cause === 'wrong-state') {
      return result('again', before, answers, now, `${host} changed meanwhile; looking again`);
    }
    if (outcome.kind !== 'applied') {
      const why = outcome.kind === 'refused' ? outcome.refusal.message : outcome.why;
      return unreachable(`The store took no write for ${host}: ${why}`, answers);
    }
    tell(parts, next, changes, now);
  }
  // The time for which Nova is watched counts from the decision: nothing may leave long after it.
  const sendWithinMs = parts.policy.retry.uncertainMs * SEND_WITHIN;
  const isFresh = (): boolean => parts.clock.monotonicMs() - decidedMs <= sendWithinMs;
  const { actions, answers: waiting } = await giveWay(parts.store, next, decision.actions);
  const turnOf = spread(parts.clock, actions.length, decision.spreadMs ?? 0);
  const done = await perform(parts, host, actions, { mayAct: tenure.mayAct, isFresh, turnOf });
  const given = [...waiting, ...done];
  const hurry = given.some(({ outcome }) => outcome.kind === 'refused');
  const open = [...answers.filter((answer) => isOpen(answer, next)), ...given];
  return result('done', next, open, hurry ? now : decision.wakeAt, sentence(next));
}

/** As many may start together. */
const TOGETHER = 4;

/** Spreads what goes beyond the first few evenly, see `sendSpan`. */
function spread(
  clock: Clock,
  count: number,
  spreadMs: Millis,
): ((place: number) => Promise<void>) | undefined {
  if (count <= TOGETHER || spreadMs <= 0) return undefined;
  const apartMs = spreadMs / (count - TOGETHER);
  const startedMs = clock.monotonicMs();
  return async (place) => {
    const waitMs = (place - TOGETHER + 1) * apartMs - (clock.monotonicMs() - startedMs);
    if (place >= TOGETHER && waitMs > 1) await clock.sleep(waitMs);
  };
}

/** Whether there is anything to write; the instances, the bulk of a record, are shared when unchanged. */
function differs(before: Evacuation, next: Evacuation): boolean {
  const rest = (record: Evacuation): string => JSON.stringify({ ...record, instances: null });
  if (rest(before) !== rest(next)) return true;
  if (before.instances === next.instances) return false;
  const old = tracked(before);
  const now = tracked(next);
  // The steps share what they leave as it is, so few entries of a large host must be looked into.
  return (
    old.length !== now.length ||
    now.some(([id, entry]) => {
      const earlier = before.instances[id];
      return earlier !== entry && JSON.stringify(earlier) !== JSON.stringify(entry);
    })
  );
}

/** An answer counts until the instance has moved on; a turn may be too short to look into all. */
function isOpen(answer: Answer, next: Evacuation): boolean {
  const progress = next.instances[answer.instance]?.progress;
  return progress !== undefined && isAnswerTo(progress, answer);
}

function result(
  kind: TurnResult['kind'],
  evacuation: Evacuation | null,
  answers: readonly Answer[],
  wakeAt: Instant | null,
  words: string,
): TurnResult {
  return { kind, evacuation, answers, wakeAt, sentence: words };
}

const lost = (host: HostName): TurnResult =>
  result('lost', null, [], null, `another worker has ${host}`);

const unreachable = (words: string, answers: readonly Answer[]): TurnResult =>
  result('unreachable', null, answers, null, words);

/** One English sentence per turn: where the host stands and why. */
function sentence(evacuation: Evacuation): string {
  const { host, phase, reasons } = evacuation;
  const entries = Object.values(evacuation.instances);
  const count = (...kinds: string[]): number =>
    entries.filter((entry) => kinds.includes(entry.progress.at)).length;
  const moved = count('landed', 'restoring', 'recreating', 'arrived');
  const why = reasons[0] === undefined ? '' : `; ${sentenceOf(reasons[0])} (${reasons[0].code})`;
  const stuck = count('stuck') > 0 ? `, ${String(count('stuck'))} need a human` : '';
  return `${host} ${phase}: ${String(moved)}/${String(entries.length)} moved, ${String(count('intended', 'accepted'))} in flight${stuck}${why}`;
}

/** Steps that pass within seconds: history has them, the log only where somebody looks closely. */
const PASSING: ReadonlySet<string> = new Set(['intended', 'arrived']);

/** Tells log and history what changed; neither can hold up an evacuation. */
function tell(parts: TurnParts, next: Evacuation, changes: readonly Change[], now: Instant): void {
  const { host, mark } = next;
  for (const change of changes) {
    const fields = { host, event: mark.event, what: change.what, instance: change.instance };
    const severity = change.reason === null ? 'note' : severityOf(change.reason);
    if (severity === 'alert')
      parts.log.error(change.sentence, { ...fields, code: change.reason?.code });
    else if (severity === 'warning')
      parts.log.warn(change.sentence, { ...fields, code: change.reason?.code });
    else if (PASSING.has(change.what)) parts.log.debug(change.sentence, fields);
    else parts.log.info(change.sentence, fields);
  }
  void parts.store.append(
    changes.map(({ instance, what, sentence: detail }) => ({
      at: now,
      host,
      event: mark.event,
      what,
      instance,
      detail,
    })),
  );
}
