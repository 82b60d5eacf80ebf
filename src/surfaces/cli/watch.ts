import { changesBetween } from '../../domain/changes.ts';
import type { Evacuation } from '../../domain/evacuation.ts';
import type { HostName } from '../../domain/ids.ts';
import type { Millis } from '../../domain/time.ts';
import type { Clock, Store } from '../../engine/ports.ts';
import { reportOf } from '../../engine/report.ts';
import { isOver } from './verdict.ts';
import type { View } from './view.ts';

/** What is watched, and what may end the watching before the evacuation ends. */
export interface Watching {
  readonly store: Store;
  readonly clock: Clock;
  readonly host: HostName;
  readonly view: View;
  /** Ctrl-C. */
  readonly signal: AbortSignal;
  /** How often at least the view is drawn; nudges come in between. */
  readonly everyMs: Millis;
  /** `clock.monotonicMs()` after which nobody watches any more; null: no limit. */
  readonly deadlineMs: Millis | null;
  /** Resolves when nobody may be working any more, with the reason. */
  readonly workerLost?: Promise<string>;
}

/** How the watching ended. */
export type Watched =
  | { readonly kind: 'over'; readonly evacuation: Evacuation }
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'no-record' }
  | { readonly kind: 'worker-lost'; readonly why: string };

/**
 * Shows every change of one host's record until its evacuation is over. Reads only; an unreachable
 * store is said once and waited for, since the evacuation itself does not depend on us.
 */
export async function watchHost(watching: Watching): Promise<Watched> {
  const { store, clock, host, view, signal } = watching;
  const bell = createBell();
  const nudges = store.watch(
    (nudged) => {
      if (nudged === host) bell.ring();
    },
    () => {
      bell.ring();
    },
  );
  const worker: { lost: string | null } = { lost: null };
  void watching.workerLost?.then((why) => {
    worker.lost = why;
    bell.ring();
  });
  let before: Evacuation | null = null;
  let troubled = false;
  try {
    for (;;) {
      const read = await store.read(host);
      if (read.kind === 'unknown') {
        if (!troubled) view.trouble(read.why);
        troubled = true;
      } else {
        if (troubled) view.trouble(null);
        troubled = false;
        if (read.value === null) return { kind: 'no-record' };
        const after = read.value.evacuation;
        const now = clock.now();
        view.update(reportOf(after, now), changesBetween(before, after), now);
        before = after;
        if (isOver(after)) return { kind: 'over', evacuation: after };
      }
      if (signal.aborted) return { kind: 'interrupted' };
      if (worker.lost !== null) return { kind: 'worker-lost', why: worker.lost };
      if (watching.deadlineMs !== null && clock.monotonicMs() >= watching.deadlineMs)
        return { kind: 'timeout' };
      await bell.wait(clock, watching.everyMs, signal);
    }
  } finally {
    nudges.close();
    view.end();
  }
}

/** A pause that a nudge cuts short, also one that came while nobody waited. */
function createBell(): {
  ring(): void;
  wait(clock: Clock, lengthMs: Millis, signal: AbortSignal): Promise<void>;
} {
  let rung = false;
  let wake = new AbortController();
  return {
    ring: () => {
      rung = true;
      wake.abort();
    },
    wait: async (clock, lengthMs, signal) => {
      if (!rung) await clock.sleep(lengthMs, AbortSignal.any([signal, wake.signal]));
      rung = false;
      wake = new AbortController();
    },
  };
}
