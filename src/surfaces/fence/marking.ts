import type { HostName } from '../../domain/ids.ts';
import type { WriteOutcome } from '../../domain/outcome.ts';
import type { Millis } from '../../domain/time.ts';
import type { Marked } from '../agent-parts.ts';
import { asSentence } from '../agent-io.ts';
import { within } from '../deadline.ts';
import type { Call } from './call.ts';

const FIRST_PAUSE_MS: Millis = 200;
const LONGEST_PAUSE_MS: Millis = 2000;

/**
 * Marks a host, trying again until `endMs` on the monotonic clock: Pacemaker gives a node up after
 * ten fast failures (13 s), so a store that is briefly away must be waited for in here. True if and
 * only if the mark is durable.
 */
export async function markDurably(call: Call, host: HostName, endMs: Millis): Promise<boolean> {
  const { deps, log } = call;
  let pauseMs = FIRST_PAUSE_MS;
  let told = '';
  for (;;) {
    const left = endMs - deps.clock.monotonicMs();
    const tried = await within(deps.clock, left, tryMark(call, host));
    if (tried.kind === 'done' && tried.value === null) return true;
    const why =
      tried.kind === 'done'
        ? (tried.value ?? '').replace(/\.$/, '')
        : 'the store did not answer in time';
    if (deps.clock.monotonicMs() + pauseMs >= endMs) {
      log.error(
        `Failed: ${host} is not marked: ${asSentence(why)} Nothing is half done; mend it and fence again.`,
      );
      return false;
    }
    if (why !== told) log.warn(`${host} is not marked yet: ${why}; trying again.`);
    told = why;
    await deps.clock.sleep(pauseMs);
    pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS);
  }
}

/** One try; null when the mark is durable, else why not. */
async function tryMark(call: Call, host: HostName): Promise<string | null> {
  const { deps, log, agent } = call;
  const store = await call.store();
  if (store.kind === 'error') return store.message;
  const outcome = await deps.useCases.mark(
    store.value,
    {
      host,
      by: `${agent}@${deps.machine}`,
      // Now, not the beginning: the host is off all the while, and an older proof would not cover
      // a mark that waited for the store.
      at: deps.clock.now(),
      detail: `${agent} called on ${deps.machine}`,
    },
    log,
  );
  if (outcome.kind !== 'applied') return problemOf(outcome);
  const { event, fresh } = outcome.value;
  log.info(`${host} is ${fresh ? 'marked' : 'already marked'} (${event}).`);
  return null;
}

/** What went wrong with a write, as a sentence fragment. */
export function problemOf(outcome: Exclude<WriteOutcome<Marked>, { kind: 'applied' }>): string {
  return outcome.kind === 'refused' ? outcome.refusal.message : outcome.why;
}
