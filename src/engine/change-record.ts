import { tracked, type Evacuation } from '../domain/evacuation.ts';
import type { HostName } from '../domain/ids.ts';
import { because, type Reason } from '../domain/reason.ts';
import type { Clock, Store } from './ports.ts';

/** How often a lost race against another writer is run again. */
export const RACES_MAX = 20;

/** What a command on a record came to: done, or refused with a reason of the catalogue. */
export type CommandOutcome =
  | { readonly kind: 'done'; readonly evacuation: Evacuation }
  | { readonly kind: 'refused'; readonly why: Reason }
  | { readonly kind: 'unreachable'; readonly why: string };

/** Changes a record for a command, again when another writer was quicker. */
export async function changeRecord(
  parts: { readonly store: Store; readonly clock: Clock },
  host: HostName,
  what: string,
  detail: string,
  change: (record: Evacuation, now: number) => Evacuation | Reason,
): Promise<CommandOutcome> {
  const { store, clock } = parts;
  let doubtful: { readonly from: Evacuation; readonly to: Evacuation } | null = null;
  const done = async (evacuation: Evacuation): Promise<CommandOutcome> => {
    const { event } = evacuation.mark;
    await store.append([{ at: clock.now(), host, event, what, instance: null, detail }]);
    await store.nudge(host);
    return { kind: 'done', evacuation };
  };
  for (let race = 0; race < RACES_MAX; race += 1) {
    const stored = await store.read(host);
    if (stored.kind === 'unknown') return { kind: 'unreachable', why: stored.why };
    if (stored.value === null) return { kind: 'refused', why: because('NH603', { host }) };
    // An earlier try of ours, whose outcome was uncertain, was carried out after all.
    if (doubtful !== null && isDone(doubtful, stored.value.evacuation)) return done(doubtful.to);
    const next = change(stored.value.evacuation, clock.now());
    if ('code' in next) return { kind: 'refused', why: next };
    const outcome = await store.write({ version: stored.value.version, epoch: null }, next);
    if (outcome.kind === 'applied') return done(next);
    if (outcome.kind === 'uncertain') doubtful = { from: stored.value.evacuation, to: next };
    if (outcome.kind === 'refused' && outcome.refusal.cause !== 'wrong-state') {
      return { kind: 'unreachable', why: outcome.refusal.message };
    }
  }
  return { kind: 'unreachable', why: 'other writers kept changing the record' };
}

/** Whether a change was made, as far as commands change records; a worker may have moved it on since. */
function isDone(
  change: { readonly from: Evacuation; readonly to: Evacuation },
  now: Evacuation,
): boolean {
  const { from, to } = change;
  const stillOpen = tracked(to).some(([id, { progress }]) => {
    const before = JSON.stringify(from.instances[id]?.progress);
    return (
      JSON.stringify(progress) !== before && JSON.stringify(now.instances[id]?.progress) === before
    );
  });
  return (
    !stillOpen &&
    to.mark.event === now.mark.event &&
    to.mark.request.force === now.mark.request.force &&
    to.phase === now.phase &&
    to.phaseSince === now.phaseSince &&
    to.readmission.asked === now.readmission.asked
  );
}
