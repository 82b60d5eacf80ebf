import { known, unknown, type Known } from '../../domain/known.ts';
import type { Instant } from '../../domain/time.ts';
import type { Exec } from '../exec.ts';
import { EXIT, noAnswer, TOOL_TIMEOUT_MS, type ToolOptions } from './tools.ts';
import { findAll, parseXml, type Element } from './xml.ts';

/** One fencing operation as the cluster's fencers remember it. */
export interface FenceEvent {
  /** `off`, `reboot`, or `on` (unfencing); a reboot that was split shows as `off`, then `on`, while pending. */
  readonly action: string;
  readonly target: string;
  /** `pending` also for every status that we do not know. */
  readonly status: 'success' | 'failed' | 'pending';
  readonly origin: string;
  readonly client: string;
  /** Who did it; `a human` for `stonith_admin --confirm`. */
  readonly delegate: string | null;
  readonly exitReason: string | null;
  /** Whole seconds in Pacemaker 2.1, microseconds in 3.0; null while pending. */
  readonly completedAt: Instant | null;
}

/** The fencing history, pending operations first, then the newest first. */
export type FencingHistory = () => Promise<Known<readonly FenceEvent[]>>;

/**
 * The history through `stonith_admin` (without `-V` it prints the last success only). It lives in
 * the memory of the fencers: an empty one says nothing about the time before they started.
 */
export function createFencingHistory(
  deps: { readonly exec: Exec; readonly now: () => Instant } & ToolOptions,
): FencingHistory {
  const { exec, now, timeoutMs = TOOL_TIMEOUT_MS } = deps;
  return async () => {
    const at = now();
    const outcome = await exec({
      program: 'stonith_admin',
      args: ['--history', '*', '--verbose', '--output-as=xml'],
      timeoutMs,
    });
    if (outcome.kind !== 'exited' || outcome.code !== EXIT.ok) {
      return noAnswer('stonith_admin', outcome);
    }
    const root = parseXml(outcome.stdout);
    if (root?.name !== 'pacemaker-result') {
      return unknown('stonith_admin answered with something that is no result of Pacemaker');
    }
    return known(findAll(root, 'fence_event').flatMap(readFenceEvent), at);
  };
}

function readFenceEvent({ attributes }: Element): readonly FenceEvent[] {
  const target = attributes['target'];
  const action = attributes['action'];
  if (target === undefined || action === undefined) return [];
  const status = attributes['status'];
  const completedAt = parsePacemakerTime(attributes['completed'] ?? '');
  return [
    {
      action,
      target,
      // An end without a readable time proves nothing, so it counts as not ended.
      status:
        completedAt !== null && (status === 'success' || status === 'failed') ? status : 'pending',
      origin: attributes['origin'] ?? '',
      client: attributes['client'] ?? '',
      delegate: attributes['delegate'] ?? null,
      exitReason: attributes['exit-reason'] ?? null,
      completedAt,
    },
  ];
}

/**
 * Pacemaker's times: `2026-11-20 10:19:08Z` (2.1), `2026-11-20 10:19:08.123456Z` (3.0), with
 * ` +02:00` in place of the `Z` where the machine is not in UTC. Null when it is none of them.
 */
export function parsePacemakerTime(text: string): Instant | null {
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d{1,9})?(?:Z| ?([+-]\d\d:\d\d))$/.exec(
    text,
  );
  if (match === null) return null;
  const [, date = '', time = '', fraction = '', zone = 'Z'] = match;
  const instant = Date.parse(`${date}T${time}${fraction.slice(0, 4)}${zone}`);
  return Number.isNaN(instant) ? null : instant;
}
