import { isActive } from '../domain/evacuation.ts';
import type { HostName } from '../domain/ids.ts';
import { sentenceOf } from '../domain/reason.ts';
import type { Millis } from '../domain/time.ts';
import type { Store } from '../engine/ports.ts';
import type { AgentDeps } from './agent-parts.ts';
import type { Opened } from './agent-settings.ts';
import { within } from './deadline.ts';

/** How a wait for settled evacuations ended. */
export type Settling = { readonly kind: 'settled'; readonly waited: boolean } | Interruption;

/** Why a wait ended before anything was settled. */
export type Interruption =
  /** Something else is more urgent than our waiting. */
  | { readonly kind: 'gave-way'; readonly why: string }
  /** Time is up, or waiting longer is of no use. */
  | { readonly kind: 'unsettled'; readonly why: string };

/** Waiting for the evacuation of one machine, whatever it is called in the store. */
export interface SettlingOrder {
  readonly deps: AgentDeps;
  openStore(): Promise<Opened<Store>>;
  /** Which of the marked hosts are meant. */
  matches(hosts: readonly HostName[]): readonly HostName[];
  readonly limitMs: Millis;
  readonly pauseMs: Millis;
  /** Asked while there is something to wait for; anything but null ends the waiting. */
  interruption?(why: string): Promise<Interruption | null>;
  /** Told whenever what we wait for changes. */
  onWait(why: string): void;
}

/**
 * Waits until no matching host has an evacuation that is not settled: then it is safe for its
 * nova-compute to start (Nova's clean-up at its start destroys what was evacuated). A store that does
 * not answer is waited for as well: unknown is not settled.
 */
export async function waitUntilSettled(order: SettlingOrder): Promise<Settling> {
  const { clock } = order.deps;
  const endMs = clock.monotonicMs() + order.limitMs;
  let waited = false;
  let told = '';
  for (;;) {
    const look = await within(clock, endMs - clock.monotonicMs(), lookOnce(order));
    const why = look.kind === 'done' ? look.value : 'the store did not answer in time';
    if (why === null) return { kind: 'settled', waited };
    const interruption = (await order.interruption?.(why)) ?? null;
    if (interruption !== null) return interruption;
    if (clock.monotonicMs() + order.pauseMs >= endMs) return { kind: 'unsettled', why };
    if (why !== told) order.onWait(why);
    told = why;
    waited = true;
    await pause(order);
  }
}

/** One look; null when everything is settled, else what is not. */
async function lookOnce(order: SettlingOrder): Promise<string | null> {
  const store = await order.openStore();
  if (store.kind === 'error') return store.message;
  const all = await store.value.list();
  if (all.kind === 'unknown') return all.why;
  const meant = new Set(order.matches(all.value.map((summary) => summary.host)));
  for (const summary of all.value) {
    if (!meant.has(summary.host)) continue;
    const settled = await order.deps.useCases.settled(store.value, summary.host);
    if (settled.kind === 'unknown') return settled.why;
    if (settled.value) continue;
    const { counts, total, phase, reasons } = summary;
    if (!isActive(summary)) return `${summary.host} is ${phase}`;
    const done = counts.landed + counts.skipped + counts.gone + counts.failed;
    const state = `${summary.host} is ${phase} (${String(done)} of ${String(total)} instances done)`;
    const queued = reasons.find(({ code }) => code === 'NH113');
    return queued === undefined ? state : `${state}: ${sentenceOf(queued)}`;
  }
  return null;
}

/** Sleeps, but not longer than until the store tells of a change. */
async function pause(order: SettlingOrder): Promise<void> {
  const store = await order.openStore();
  const woken = new AbortController();
  const watch =
    store.kind === 'ok'
      ? store.value.watch(() => {
          woken.abort();
        })
      : null;
  try {
    await order.deps.clock.sleep(order.pauseMs, woken.signal);
  } finally {
    watch?.close();
  }
}
