import type { Millis } from '../domain/time.ts';
import type { Clock, Log } from './ports.ts';

/** Says what goes wrong again and again. */
export interface Reminder {
  /** When it is new, and once a minute while it lasts: an outage of a night must not fill a disk. */
  tell(sentence: string, fields?: Readonly<Record<string, unknown>>): void;
  /** It is well again: whatever comes next is new. */
  over(): void;
}

const EVERY_MS = 60_000;
/** So many troubles at a time are told apart. */
const LIMIT = 20;

/** Makes one for warnings. */
export function createReminder(clock: Clock, log: Log): Reminder {
  const toldMs = new Map<string, Millis>();
  return {
    tell: (sentence, fields) => {
      const nowMs = clock.monotonicMs();
      if (nowMs - (toldMs.get(sentence) ?? -Infinity) < EVERY_MS) return;
      if (toldMs.size >= LIMIT) toldMs.clear();
      toldMs.set(sentence, nowMs);
      log.warn(sentence, fields);
    },
    over: () => {
      toldMs.clear();
    },
  };
}
