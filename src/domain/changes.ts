import { tracked, type Evacuation, type Progress } from './evacuation.ts';
import type { InstanceId } from './ids.ts';
import { because, remedyOf, sentenceOf, type Reason } from './reason.ts';
import { reserveChanges } from './reserve-changes.ts';
import type { Restore } from './storage.ts';
import { formatInstant } from './time.ts';

/** One thing that became different between two states of a record; for log, history and followers. */
export interface Change {
  readonly instance: InstanceId | null;
  /** A verb of a small set: a phase, a kind of progress, `proven`, `isolated` or `waits`. */
  readonly what: string;
  readonly sentence: string;
  readonly reason: Reason | null;
}

/** What happened between two states of a record, in the order in which it is best told. */
export function changesBetween(before: Evacuation | null, after: Evacuation): readonly Change[] {
  const changes: Change[] = [];
  const { host } = after;
  const tell = (what: string, sentence: string, reason: Reason | null = null): void => {
    changes.push({ instance: null, what, sentence, reason });
  };
  const same = before?.mark.event === after.mark.event ? before : null;
  if (same === null) tell('marked', `${host} is marked as failed by ${after.mark.by}`);
  if (after.proof !== null && same?.proof?.at !== after.proof.at) {
    tell('proven', `${host} is proven off (${after.proof.detail})`);
  }
  if (after.isolation?.seen === true && same?.isolation?.seen !== true) {
    tell('isolated', `${host} is disabled and forced down`);
  }
  if (after.forecast !== undefined && same?.forecast?.short !== after.forecast.short) {
    const { fits, short, unknown } = after.forecast;
    const reason = because('NH212', { short, count: fits + short + unknown, unknown });
    tell('forecast', `${host}: ${sentenceOf(reason)}`, reason);
  }
  changes.push(...reserveChanges(same, after));
  for (const [id, entry] of tracked(after)) {
    const earlier = same?.instances[id];
    if (earlier === entry) continue;
    if (earlier !== undefined && tells(earlier.progress) === tells(entry.progress)) continue;
    if (earlier === undefined && entry.progress.at === 'pending') continue;
    changes.push({
      instance: id,
      what: entry.progress.at,
      sentence: `${entry.name}: ${sentenceOfProgress(entry.progress, entry.restore)}`,
      reason: 'why' in entry.progress ? entry.progress.why : null,
    });
  }
  if (same?.phase !== after.phase && after.phase !== 'marked') {
    tell(after.phase, sentenceOfPhase(after));
  }
  for (const reason of after.reasons) {
    if (same?.reasons.some((other) => other.code === reason.code) === true) continue;
    tell('waits', `${host}: ${sentenceOf(reason)}`, reason);
  }
  return changes;
}

/** What distinguishes one state of progress from another for a reader. */
function tells(progress: Progress): string {
  switch (progress.at) {
    case 'accepted':
      return `accepted ${progress.destination ?? ''}`;
    case 'pending':
      return `pending ${String(progress.attempt)} ${progress.why?.code ?? ''}`;
    case 'intended':
      return `intended ${String(progress.attempt)}`;
    case 'recreating':
      return `recreating ${String(progress.tries)}`;
    default:
      return progress.at;
  }
}

/** One fragment that says where an instance stands; its snapshot is named where it matters. */
export function sentenceOfProgress(progress: Progress, restore?: Restore): string {
  switch (progress.at) {
    case 'pending':
      return progress.why === null ? 'waiting' : sentenceOf(progress.why);
    case 'skipped':
      return `skipped: ${sentenceOf(progress.why)}`;
    case 'intended':
      return `being asked for (try ${String(progress.attempt)})`;
    case 'accepted':
      return progress.destination === null
        ? 'accepted by Nova'
        : `being rebuilt on ${progress.destination}`;
    case 'arrived':
      return `arrived${progress.destination === null ? '' : ` on ${progress.destination}`}, being verified`;
    case 'resetting':
      return 'its state being reset to error, so that Nova evacuates it';
    case 'recreating':
      return `on ${progress.destination}, being recreated from ${snapshotText(restore)}${progress.tries > 1 ? ` (try ${String(progress.tries)})` : ''}`;
    case 'restoring':
      return `on ${progress.destination}, being stopped again`;
    case 'landed': {
      const recreated =
        progress.recreated === true ? `, recreated from ${snapshotText(restore)}` : '';
      const failed = progress.restored === 'failed' ? ', its earlier power state not restored' : '';
      return `landed on ${progress.destination}${recreated}${failed}`;
    }
    case 'gone':
      return 'deleted meanwhile';
    case 'failed':
      return `failed: ${sentenceOf(progress.why)}`;
    case 'stuck':
      return `stuck: ${sentenceOf(progress.why)}. Remedy: ${remedyOf(progress.why)}`;
  }
}

const snapshotText = (restore: Restore | undefined): string =>
  restore === undefined
    ? 'its snapshot'
    : `its snapshot ${restore.name} (${restore.image}) of ${formatInstant(restore.takenAt)}`;

/** The sentence of a change of phase; two of them are the classic ones that operators grep for. */
function sentenceOfPhase(evacuation: Evacuation): string {
  const { host } = evacuation;
  switch (evacuation.phase) {
    case 'marked':
      return `${host} is marked`;
    case 'evacuating':
      return `Initiating evacuation of ${host}`;
    case 'settled':
      return `Completed evacuation of ${host}`;
    case 'readmitting':
      return `${host} is back and clean; taking it back`;
    case 'closed':
      return `${host} is taken back`;
  }
}
