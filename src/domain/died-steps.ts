import {
  isLabelled,
  silentMs,
  type Presence,
  type SilenceContext,
  type SilentFacts,
  type SilentStep,
} from './died.ts';
import { holdOfSilent } from './died-hold.ts';
import type { Service } from './host.ts';
import type { EventId, HostName } from './ids.ts';
import { known, NOT_ASKED, type Known } from './known.ts';
import { parseDisabledReason } from './mark.ts';
import { because, sentenceOf, type Reason } from './reason.ts';
import type { SilentHost } from './switchboard.ts';
import { holdOf } from './switches.ts';
import { formatInstant, formatMillis, type Instant, type Millis } from './time.ts';

/** For how long the answer to a request to switch a host off is awaited. */
export const ASKED_MS: Millis = 300_000;
/** For how long a proof is looked for after such a request, whatever its answer was. */
const PROOF_MS: Millis = 3_600_000;
/** A host that was marked so shortly ago is not switched off again by itself. */
const LATELY_MS: Millis = 3_600_000;

/** What is known of a silent host before it is said what is done. */
type Draft = Omit<SilentHost, 'why'>;

/** What is to be said: which reason, and why it is not another. */
interface Saying {
  readonly code: 'NH224' | 'NH225' | 'NH226' | 'NH227';
  readonly detail?: string;
  /** What the detail comes from, where its words change from look to look. */
  readonly cause?: string;
}

/** Why something is not done: words that may change from look to look, and what they come from. */
type Obstacle = Pick<Saying, 'cause'> & { readonly detail: string };

/** It reports again: what we have disabled must prove its health for a while, then it is enabled. */
export function speaksStep(
  { board, aggregates, policy, now }: SilenceContext,
  service: Service,
  before: SilentHost | null,
): SilentStep {
  const { host } = service;
  if (!isLabelled(service)) return before === null ? { entry: null } : { entry: null, told: null };
  const entry = before ?? adopted(service, now);
  const held = holdOf(host, known(board.switches, now), aggregates, now).readmit;
  if (held.length > 0) return { entry };
  const since = Math.min(entry.upSince ?? now, now);
  if (entry.upSince === undefined) return { entry: { ...entry, upSince: since } };
  if (now - since < policy.readmit.healthyMs) return { entry };
  // The entry goes when Nova shows it enabled.
  return { entry, action: { do: 'enable', host, service: service.id } };
}

/** A label of ours that no entry knows: the store was wiped, or a request arrived late. */
function adopted(service: Service, now: Instant): SilentHost {
  const { host } = service;
  const why = because('NH225', { host, time: '?', node: UNKNOWN, count: 'some' });
  return { host, since: now, ...labelOf(service), disabled: true, why };
}

function labelOf(service: Service): { readonly label?: EventId } {
  const ours = parseDisabledReason(service.disabledReason);
  return ours === null ? {} : { label: ours.event };
}

/** It is silent, and long enough: what its policy says, as far as nothing holds that. */
export function silentStep(
  context: SilenceContext,
  service: Service,
  before: SilentHost | null,
): SilentStep {
  const draft = draftOf(service, before, context.now);
  const at = { context, service, before, draft };
  // Whatever the policy says by now: the host may be off already.
  if (draft.asked !== undefined) return askedStep(at, draft.asked);
  switch (context.policy.died.action) {
    case 'report':
      return draft.disabled === true
        ? say(at, { code: 'NH225' })
        : say(at, { code: 'NH224', detail: 'died.action is report' });
    case 'disable':
      return disableStep(at);
    case 'fence':
      return fenceStep(at);
  }
}

interface At {
  readonly context: SilenceContext;
  readonly service: Service;
  readonly before: SilentHost | null;
  readonly draft: Draft;
}

/** The entry as Nova shows it now: disabled by us, or enabled again by an operator. */
function draftOf(service: Service, before: SilentHost | null, now: Instant): Draft {
  const { host } = service;
  if (before === null && !isLabelled(service)) return { host, since: now };
  const { since, label, disabled, lifted, asked, upSince } = before ?? adopted(service, now);
  const base = { host, since, ...(asked === undefined ? {} : { asked }) };
  if (isLabelled(service)) return { ...base, ...labelOf(service), disabled: true };
  // We have enabled it ourselves when it had reported again; it is as any other.
  if (disabled === true && upSince !== undefined) return base;
  if (disabled === true || lifted === true) return { ...base, lifted: true };
  return label === undefined ? base : { ...base, label };
}

function disableStep(at: At): SilentStep {
  const { context, service, draft } = at;
  const { host } = draft;
  if (draft.disabled === true) return say(at, { code: 'NH225' });
  if (draft.lifted === true)
    return say(at, { code: 'NH224', detail: 'an operator has enabled it again' });
  const held = holdOfSilent(context, host);
  if (held !== null) return say(at, holding('NH224', held));
  const facts = context.facts.get(host);
  // Written down before, and not shown by Nova yet: the request is made once more.
  const label = draft.label ?? facts?.event;
  if (label === undefined) return { entry: at.before, need: { host, fencing: false } };
  const elsewhere = draft.label === undefined ? notOurs(facts?.presence) : null;
  if (elsewhere !== null) return say(at, { code: 'NH224', ...elsewhere });
  const step = say({ ...at, draft: { ...draft, label } }, { code: 'NH225' });
  return step.need === undefined
    ? { ...step, action: { do: 'disable', host, service: service.id, label } }
    : step;
}

function fenceStep(at: At): SilentStep {
  const { context, draft } = at;
  const { host } = draft;
  const held = holdOfSilent(context, host);
  if (held !== null) return say(at, holding('NH227', held));
  const lately = context.peers.find((peer) => peer.host === host)?.markedAt ?? -Infinity;
  if (context.now - lately < LATELY_MS) {
    const detail = `it was marked as failed at ${formatInstant(lately)} already`;
    return say(at, { code: 'NH227', detail });
  }
  const other = context.board.silent.find((one) => one.host !== host && isAwaited(context, one));
  if (other !== undefined)
    return say(at, { code: 'NH227', detail: `${other.host} is being switched off first` });
  const facts = context.facts.get(host);
  if (facts === undefined) return { entry: at.before, need: { host, fencing: true } };
  const obstacle = obstacleTo(facts);
  if (obstacle !== null) return say(at, { code: 'NH227', ...obstacle });
  const step = say({ ...at, draft: { ...draft, asked: context.now } }, { code: 'NH226' });
  return { ...step, action: { do: 'switch-off', host } };
}

/** Whether it is being switched off: asked for, neither answered nor marked, and not for too long. */
export const isAwaited = (
  { peers, now }: Pick<SilenceContext, 'peers' | 'now'>,
  { host, asked, why }: SilentHost,
): boolean =>
  asked !== undefined &&
  why.code === 'NH226' &&
  Math.abs(now - asked) < ASKED_MS &&
  !peers.some((peer) => peer.host === host && peer.phase !== 'closed');

/** Why a host must not be switched off, by what is known of it alone. */
function obstacleTo({ count, presence, objection }: SilentFacts): Obstacle | null {
  if (count.kind === 'unknown')
    return { detail: `it is unknown what runs there (${count.why})`, cause: 'count' };
  if (count.value === 0) return { detail: 'no instance is there' };
  const elsewhere = notOurs(presence);
  if (elsewhere !== null) return elsewhere;
  const why = objection.kind === 'unknown' ? objection.why : objection.value;
  return why === null ? null : { detail: why, cause: 'objection' };
}

/** Asked once: from then on only a proof counts, and whoever is proven off is marked. */
function askedStep(at: At, asked: Instant): SilentStep {
  const { context, draft } = at;
  const { host } = draft;
  const age = context.now - asked;
  if (at.before?.why.code === 'NH226' && age >= ASKED_MS) {
    const detail = `that was asked for at ${formatInstant(asked)}, and nothing proves that it is off`;
    return say(at, { code: 'NH227', detail });
  }
  const entry = at.before === null ? null : { ...draft, why: at.before.why };
  const facts = context.facts.get(host);
  if (facts === undefined)
    return age < PROOF_MS ? { entry, need: { host, fencing: true } } : { entry };
  const { proof } = facts;
  const covers =
    proof.kind === 'known' &&
    proof.value !== null &&
    proof.value.at >= asked - context.policy.fence.skewMs;
  return covers ? { entry, action: { do: 'mark', host, proof: proof.value } } : { entry };
}

const holding = (code: Saying['code'], held: Reason): Saying => ({
  code,
  detail: sentenceOf(held),
  cause: held.code,
});

/** Why a host is somebody else's business, going by its place in the cluster; null: it is not. */
function notOurs(presence: Known<Presence> = NOT_ASKED): Obstacle | null {
  if (presence.kind === 'unknown')
    return { detail: `${UNKNOWN} (${presence.why})`, cause: 'presence' };
  if (presence.value === 'lost')
    return { detail: 'Pacemaker has lost the node, so it is for Pacemaker to fence' };
  return presence.value === 'fenced' ? { detail: 'Pacemaker has fenced the node' } : null;
}

/** The entry with what is said of it; what was said before stays as it was said. */
function say({ context, service, before, draft }: At, saying: Saying): SilentStep {
  const { host } = draft;
  const { code, detail = '', cause = detail } = saying;
  const said = before?.why;
  if (said?.code === code && (said.values['cause'] ?? '') === cause)
    return { entry: { ...draft, why: said } };
  const facts = context.facts.get(host);
  // What holds it now may be over by the time of the closer look.
  const fencing = context.policy.died.action === 'fence';
  if (facts === undefined) return { entry: before, need: { host, fencing } };
  const length = silentMs(service, context.fleet);
  const why = reasonFor(code, {
    host,
    time: length === null ? 'a while' : formatMillis(length),
    node: nodeText(facts.presence),
    count: facts.count.kind === 'known' ? facts.count.value : 'an unknown number of',
    detail,
    cause,
  });
  return { entry: { ...draft, why }, told: why };
}

const UNKNOWN = 'it is unknown whether the host lives';

function nodeText(presence: Known<Presence>): string {
  if (presence.kind === 'unknown') return UNKNOWN;
  return NODES[presence.value];
}

const NODES: Readonly<Record<Presence, string>> = {
  connected: 'Pacemaker has its node online',
  lost: 'Pacemaker has lost its node',
  fenced: 'Pacemaker has fenced its node',
  foreign: 'Pacemaker knows no such node',
  alone: 'nothing here tells whether the host lives',
};

/** What an answer to the request to switch a host off makes of its entry. */
export function answered(entry: SilentHost, detail: string): SilentHost {
  const { host } = entry;
  const { time = '?', node = UNKNOWN, count = '?' } = entry.why.values;
  const cause = detail;
  return { ...entry, why: because('NH227', { host, time, node, count, detail, cause }) };
}

interface Words {
  readonly host: HostName;
  readonly time: string;
  readonly node: string;
  readonly count: number | string;
  readonly detail: string;
  readonly cause: string;
}

function reasonFor(code: Saying['code'], words: Words): Reason {
  const { host, time, node, count, detail, cause } = words;
  switch (code) {
    case 'NH224':
      return because('NH224', { host, time, node, count, detail, cause });
    case 'NH225':
      return because('NH225', { host, time, node, count });
    case 'NH226':
      return because('NH226', { host, time, node, count });
    case 'NH227':
      return because('NH227', { host, time, node, count, detail, cause });
  }
}
