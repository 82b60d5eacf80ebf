import { UNWATCHED, type Life } from './evacuation.ts';
import type { Service } from './host.ts';
import type { Policy } from './policy.ts';
import { parseNovaTime, type Instant, type Millis } from './time.ts';

/** So many moves like reports, one after the other, are reports: a tool that asks twice makes two. */
const MOVES_OF_THE_LIVING = 4;
/** They last at least so many times `readmit.confirm` by Nova's time: requests are repeated within seconds. */
const CONFIRMS_OF_THE_LIVING = 2;
/** Signs are forgotten after this long without another (report_interval is 10 s). */
const FORGOTTEN_MS = 60_000;
/** Between two looks at a host that may live there should be one report (report_interval is 10 s). */
const LOOK_EVERY_MS: Millis = 5000;
const LOOK_LEAST_MS: Millis = 500;

/** How often such a host is looked at; `readmit.confirm` tells how soon its return should be noticed. */
export const lifePauseMs = ({ readmit }: Policy): Millis =>
  Math.min(LOOK_EVERY_MS, Math.max(LOOK_LEAST_MS, readmit.confirmMs / 2));

/** How old a look may be: signs of life must be seen one by one. */
export const lookAgeMs = ({ moves }: Life, usualMs: Millis, policy: Policy): Millis =>
  moves > 0 ? Math.min(usualMs, lifePauseMs(policy) / 2) : usualMs;

/**
 * Watches for signs of life. While a service is forced down its `state` says nothing; the only sign is
 * `updated_at` moving although nobody changed the service. A request moves it too, whoever makes it
 * (contracts: nova 2), so a move is a sign only when nothing else has changed, and proof only as one of
 * many: reports go on, forward and evenly, and requests do not.
 */
export function watchLife(life: Life, service: Service, weChange: boolean, now: Instant): Life {
  if (weChange) return UNWATCHED;
  const shown = shownBy(service);
  const lasting = isForgotten(life, now) ? { ...UNWATCHED, updatedAt: life.updatedAt } : life;
  const { updatedAt } = service;
  if (lasting.updatedAt === null) return { ...UNWATCHED, updatedAt, shown };
  if (updatedAt === lasting.updatedAt) {
    return lasting.shown === shown ? lasting : { ...lasting, shown };
  }
  if (life.shown !== undefined && life.shown !== shown) {
    // Somebody has changed the service: that is no sign, and does not take the doubt of earlier ones.
    const { moves, movedAt } = lasting;
    return moves === 0 ? { ...lasting, updatedAt, shown } : firstOf({ updatedAt, shown, movedAt });
  }
  return moved(lasting, { updatedAt, shown, movedAt: now });
}

type Look = Pick<Life, 'updatedAt' | 'shown' | 'movedAt'>;

/** The first sign of a row. */
const firstOf = (look: Look): Life => ({
  ...look,
  moves: 1,
  ...(look.updatedAt === null ? {} : { since: look.updatedAt }),
});

/** A move that nothing but a report explains goes on with those before it, or is the first of its own. */
function moved(life: Life, look: Look): Life {
  const stepMs = lengthMs(life.updatedAt, look.updatedAt);
  const { since, moves } = life;
  if (since === undefined || stepMs === null || stepMs <= 0 || !isEven(stepMs, life.stepMs)) {
    return firstOf(look);
  }
  return { ...look, moves: moves + 1, since, stepMs };
}

/** Whether two steps are of one rhythm, where a look may miss a report and seconds are rounded. */
const isEven = (one: Millis, two: Millis = one): boolean =>
  Math.max(one, two) <= 2.5 * Math.min(one, two) + 2000;

/** How far apart two times of Nova are; null when one of them cannot be read. */
function lengthMs(from: string | null, to: string | null): Millis | null {
  const [start, end] = [from, to].map((text) => (text === null ? null : parseNovaTime(text)));
  return start == null || end == null ? null : end - start;
}

const isForgotten = ({ moves, movedAt }: Life, now: Instant): boolean =>
  moves > 0 && movedAt !== null && now - movedAt > FORGOTTEN_MS;

/** All that a request can change. */
const shownBy = ({ status, forcedDown, disabledReason }: Service): string =>
  `${status}${forcedDown ? ', forced down' : ''}: ${disabledReason ?? ''}`;

/** `dead`: no sign; `doubtful`: one that need not be its own; `alive`: its nova-compute reports. */
export type Liveness = 'dead' | 'doubtful' | 'alive';

/** What the signs of life amount to. */
export function livenessOf(life: Life, service: Service, { readmit }: Policy): Liveness {
  const spanMs = lengthMs(life.since ?? null, life.updatedAt) ?? 0;
  const lasting = spanMs >= CONFIRMS_OF_THE_LIVING * readmit.confirmMs;
  if (life.moves >= MOVES_OF_THE_LIVING && lasting) return 'alive';
  // `up` alone proves nothing: un-forcing a host within service_down_time of its death shows it up.
  return life.moves > 0 || service.state === 'up' ? 'doubtful' : 'dead';
}
