import type { Evacuation, Isolation, Life, Readmission } from '../../domain/evacuation.ts';
import { LEGAL, type Phase } from '../../domain/evacuation.ts';
import type { ServiceBefore } from '../../domain/host.ts';
import type { EventId, HostName, InstanceId } from '../../domain/ids.ts';
import type { FenceProof, Mark, Request } from '../../domain/mark.ts';
import type { ReserveClaim, Reserve } from '../../domain/reserve.ts';
import type { Counts, Summary } from '../../domain/summary.ts';
import type { HistoryEntry } from '../../engine/ports.ts';
import { isTrue, reason, trackedInstance } from './instance-shape.ts';
import { list, nullable, number, object, oneOf, optional, table, text, truth } from './shape.ts';

const host = text<HostName>();
const event = text<EventId>();
const instance = text<InstanceId>();

const phase = oneOf(Object.keys(LEGAL) as Phase[]);

const proof = object<FenceProof>({
  source: oneOf(['pacemaker', 'power', 'mark', 'operator']),
  at: number,
  detail: text(),
});

const request = object<Request>({
  instances: nullable(list(instance)),
  target: nullable(host),
  force: truth,
});

const mark = object<Mark>({
  event,
  firstAt: number,
  at: number,
  origin: oneOf(['fence-agent', 'operator', 'pacemaker', 'rebuilt']),
  by: text(),
  claim: nullable(proof),
  request,
});

const claim = object<ReserveClaim>({
  host,
  at: oneOf(['claimed', 'enabling', 'taken', 'returning', 'reopening']),
  since: number,
  reason: nullable(text()),
  added: optional(list(number)),
  asked: optional(number),
  undone: optional(number),
  opened: optional(isTrue),
  shut: optional(isTrue),
});

const reserve = object<Reserve>({
  since: number,
  claims: list(claim),
  ended: list(object<Reserve['ended'][number]>({ host, why: reason })),
  none: optional(reason),
});

const before = object<ServiceBefore>({
  status: oneOf(['enabled', 'disabled']),
  disabledReason: nullable(text()),
  forcedDown: truth,
});

/** The whole durable record of a host. */
export const evacuationShape = object<Evacuation>({
  host,
  mark,
  phase,
  phaseSince: number,
  proof: nullable(proof),
  profile: optional(text()),
  isolation: nullable(
    object<Isolation>({
      ...{ before, since: number, seen: truth, wasUp: truth },
      ...{ waited: optional(isTrue), liftedAt: optional(number) },
    }),
  ),
  excused: truth,
  life: object<Life>({
    updatedAt: nullable(text()),
    moves: number,
    movedAt: nullable(number),
    since: optional(text()),
    stepMs: optional(number),
    shown: optional(text()),
  }),
  instances: table(trackedInstance),
  stage: optional(object<NonNullable<Evacuation['stage']>>({ group: text(), since: number })),
  window: optional(object<NonNullable<Evacuation['window']>>({ size: number, since: number })),
  reserve: optional(reserve),
  sentAt: optional(number),
  forecast: optional(
    object<NonNullable<Evacuation['forecast']>>({ fits: number, short: number, unknown: number }),
  ),
  seenMigration: number,
  lostAt: optional(number),
  readmission: object<Readmission>({
    cleanSince: nullable(number),
    upSince: nullable(number),
    upSeen: number,
    asked: truth,
  }),
  reasons: list(reason),
  begunAt: optional(number),
  endedAt: optional(number),
  failures: optional(list(number)),
  forgiven: optional(isTrue),
});

const counts = object<Counts>({
  pending: number,
  skipped: number,
  intended: number,
  accepted: number,
  arrived: number,
  restoring: number,
  landed: number,
  gone: number,
  failed: number,
  stuck: number,
  resetting: optional(number),
  recreating: optional(number),
});

/** What lies beside each record for the list of all hosts. */
export const summaryShape = object<Summary>({
  host,
  event,
  phase,
  markedAt: number,
  phaseSince: number,
  provenAt: nullable(number),
  isolated: truth,
  excused: truth,
  inFlight: number,
  towards: table(number),
  aim: optional(host),
  groups: list(text()),
  orders: optional(
    table(object<NonNullable<Summary['orders']>[string]>({ inFlight: number, waiting: number })),
  ),
  reserves: optional(table(oneOf(['claimed', 'taken']))),
  total: number,
  counts,
  reasons: list(reason),
  lives: optional(truth),
  lastSign: optional(nullable(text())),
  queuedSince: optional(number),
  queuedOn: optional(list(host)),
  roomAt: optional(number),
  begunAt: optional(number),
  endedAt: optional(number),
});

/** One line of the history. */
export const historyShape = object<HistoryEntry>({
  at: number,
  host,
  event,
  what: text(),
  instance: nullable(instance),
  detail: text(),
});
