import { isTerminal, tracked, type Progress } from '../../../src/domain/evacuation.ts';
import { remedyOf, sentenceOf } from '../../../src/domain/reason.ts';
import type { Stored } from '../../../src/engine/ports.ts';
import { PARKED, type Plot } from './troubles.ts';
import { isOver, standings } from './universe.ts';

/** The records of all hosts that failed. */
export async function recordsOf(plot: Plot): Promise<readonly (Stored | null)[]> {
  return Promise.all([...plot.failing].map((host) => plot.universe.record(host)));
}

/**
 * Whether the work on a host is over. A wiped store knows nothing of a host that was taken back
 * before, and need not; nor can it of one whose reason in Nova an operator wrote over.
 */
export async function isHostOver(plot: Plot, host: string): Promise<boolean> {
  const record = await plot.universe.record(host);
  if (record !== null) return isOver(record) || waitsForRoom(plot, record);
  const { forcedDown, disabledReason } = plot.universe.cloud.host(host);
  const isOperators = plot.parked.has(host) || disabledReason?.startsWith('nova-ha: ') !== true;
  return plot.wiped && (isOperators || !forcedDown);
}

/** The two things that must never happen, and the promise that everything ends. */
export async function examine(
  plot: Plot,
  limits: { readonly inFlight: number },
): Promise<readonly string[]> {
  const { universe, failing } = plot;
  const { cloud, ledger } = universe;
  const problems = universe.crashes.map((error) => `a worker ended: ${error.message}`);
  const excused = ledger.excused();
  for (const double of cloud.doubles()) {
    if (excused.has(double.instanceId) || cameUnheld(plot, double)) continue;
    problems.push(`${double.instanceId} ran twice, on ${double.hosts.join(' and ')}`);
  }
  for (const overlap of ledger.overlaps()) {
    problems.push(`${overlap.instance} was sent by ${overlap.by} while it was in flight`);
  }
  for (const { instance, what } of ledger.harms()) {
    if (!excused.has(instance)) problems.push(`${instance}: ${what}`);
  }
  const standing = new Map<string, Progress[]>();
  for (const host of failing) {
    const record = await universe.record(host);
    if (record === null) {
      if (!(await isHostOver(plot, host))) problems.push(`the mark of ${host} is lost`);
    } else if (!isOver(record) && !waitsForRoom(plot, record)) {
      const { reasons } = record.evacuation;
      problems.push(
        `${host} is not settled: ${JSON.stringify(reasons)} ${standings(record).join(' | ')}`,
      );
    }
    for (const [id, { progress }] of record === null ? [] : tracked(record.evacuation)) {
      standing.set(id, [...(standing.get(id) ?? []), progress]);
      problems.push(...unexplained(host, id, progress));
    }
  }
  for (const id of plot.victims) problems.push(...forgotten(plot, id, standing.get(id) ?? []));
  for (const name of plot.parked) {
    if (ledger.crossed().has(name)) continue;
    const { disabled, disabledReason } = cloud.host(name);
    if (!disabled || disabledReason !== PARKED)
      problems.push(`${name} was enabled against an operator`);
  }
  const { peak } = cloud.flights();
  if (!plot.meddled && peak > limits.inFlight) {
    problems.push(`${String(peak)} evacuations were in flight at once`);
  }
  return problems;
}

/** A machine boots, its nova-compute takes what waits, and then it reports for the first time. */
const UNSEEN_MS = 40_000;

/**
 * A failed destination came back past its gate and took from its queue what was being sent again in the
 * same moment: nobody can see that in time. It is what the gate is for.
 */
function cameUnheld(
  { universe, unheld }: Plot,
  { instanceId, hosts }: { readonly instanceId: string; readonly hosts: readonly string[] },
): boolean {
  const sent = universe.ledger.posts().filter(({ instance }) => instance === instanceId);
  return hosts.some((host) => {
    const at = unheld.get(host);
    return (
      at !== undefined && sent.some(({ sentAtMs }) => sentAtMs > at && sentAtMs < at + UNSEEN_MS)
    );
  });
}

/** A skipped instance has one reason, which says why in words that are complete. */
function unexplained(host: string, id: string, progress: Progress): readonly string[] {
  if (progress.at !== 'skipped') return [];
  const { code, values } = progress.why;
  const why = { code, values: { host, id, ...values } };
  const words = `${sentenceOf(why)} ${remedyOf(why)}`;
  const isWhole = /^(NH3[012]\d|NH426)$/.test(code) && !/\{|undefined/.test(words);
  return isWhole ? [] : [`${id} is skipped for no good reason: ${code} ${words}`];
}

/** Two members of an anti-affinity group have no room where only one host is left for them. */
function isCramped({ universe, failing }: Plot): boolean {
  return (
    universe.cloud.hosts().filter((host) => !failing.has(host.name) && !host.disabled).length < 3
  );
}

/** Waits for a host that can take it, as Nova or Placement says. */
const isForRoom = (progress: Progress): boolean =>
  progress.at === 'pending' && ['NH401', 'NH330'].includes(progress.why?.code ?? '');

/** Nothing is left but instances that wait for hosts, which only a human can add: said, and not over. */
function waitsForRoom(plot: Plot, record: Stored): boolean {
  const open = tracked(record.evacuation).filter(([, { progress }]) => !isTerminal(progress));
  return (
    isCramped(plot) &&
    open.length > 0 &&
    open.every(([id, { progress }]) => isForRoom(progress) || failsByHand(plot, id, progress))
  );
}

/** What a human evacuates in vain, for Nova finds no host for it. */
const failsByHand = ({ universe }: Plot, id: string, { at }: Progress): boolean =>
  at === 'stuck' && /No valid host/.test(universe.cloud.instance(id).fault?.message ?? '');

function forgotten(plot: Plot, id: string, standing: readonly Progress[]): readonly string[] {
  const { universe, failing } = plot;
  const instance = universe.cloud.instance(id);
  if (instance.deleted) return [];
  const open = standing.find((progress) => !isTerminal(progress));
  const lacksRoom = open !== undefined && (isForRoom(open) || failsByHand(plot, id, open));
  if (lacksRoom && isCramped(plot)) return [];
  if (open !== undefined) return [`${id} is still ${open.at}`];
  const host = instance.host?.name ?? '';
  if (standing.length === 0) {
    // Moved or settled before the store was wiped, or by an operator before the list was taken.
    return failing.has(host) && !plot.wiped ? [`${id} was forgotten`] : [];
  }
  const landed = standing.some((progress) => progress.at === 'landed');
  if (!landed || instance.vmState !== 'active' || failing.has(host)) return [];
  if (instance.runsOn.length === 1 || universe.ledger.excused().has(id)) return [];
  return [`${id} is said to have landed but runs on ${String(instance.runsOn.length)} hosts`];
}
