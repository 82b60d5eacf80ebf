import type { HostName, InstanceId } from '../../domain/ids.ts';
import { wholeHost, type FenceProof, type Request } from '../../domain/mark.ts';
import type { CommandOutcome } from '../../engine/change-record.ts';
import { markHost, readmitHost, unmarkHost } from '../../engine/mark-host.ts';
import { abandonInstances, retryInstances } from '../../engine/resolve-instances.ts';
import type { EventId } from '../../domain/ids.ts';
import type { ExitName } from './exit.ts';
import { tell, type Io } from './io.ts';
import { operatorOf, operatorsWord } from './operator.ts';
import type { Doors, GlobalOptions, Parts } from './parts.ts';
import { refuse } from './refusal.ts';
import { storeTrouble, withParts } from './session.ts';

/** Who asked, as `--by` says it. */
interface ByOption {
  readonly by?: string;
}

/** A mark that an operator sets. */
export interface OperatorsMark {
  readonly host: HostName;
  readonly by: string;
  readonly claim: FenceProof | null;
  readonly request: Request;
}

/** Marks a host in an operator's name; says why when that failed. */
export async function setMark(
  parts: Parts,
  io: Io,
  wanted: OperatorsMark,
): Promise<
  | { readonly kind: 'marked'; readonly event: EventId; readonly fresh: boolean }
  | { readonly kind: 'failed'; readonly exit: ExitName }
> {
  const outcome = await markHost(parts, { ...wanted, origin: 'operator' });
  if (outcome.kind === 'applied') return { kind: 'marked', ...outcome.value };
  const why = outcome.kind === 'refused' ? outcome.refusal.message : outcome.why;
  const hint =
    outcome.kind === 'refused'
      ? `${wanted.host} was not marked`
      : `it is unknown whether ${wanted.host} was marked; give the command again, that is harmless`;
  return { kind: 'failed', exit: storeTrouble(parts, io, `${why}; ${hint}`) };
}

/** `mark`: the failure is recorded, nothing else is looked at. */
export function mark(
  doors: Doors,
  global: GlobalOptions,
  io: Io,
  host: HostName,
  options: ByOption & { readonly confirmFenced?: boolean },
): Promise<ExitName> {
  return withParts(doors, global, io, async (parts) => {
    const by = operatorOf(parts, io, options.by);
    const claim = options.confirmFenced === true ? operatorsWord(parts, by) : null;
    const result = await setMark(parts, io, { host, by, claim, request: wholeHost });
    if (result.kind === 'failed') return result.exit;
    const already = result.fresh ? '' : ' already';
    const next =
      claim === null
        ? 'It is evacuated once it is proven off.'
        : 'A running worker evacuates it now.';
    tell(io, `${host} is marked as failed${already} (event ${result.event}). ${next}`);
    return 'done';
  });
}

/** `unmark`: the report is taken back. */
export function unmark(
  doors: Doors,
  global: GlobalOptions,
  io: Io,
  host: HostName,
  options: ByOption,
): Promise<ExitName> {
  return withParts(doors, global, io, async (parts) => {
    const by = operatorOf(parts, io, options.by);
    const outcome = await unmarkHost(parts, { host, by });
    if (outcome.kind !== 'done') return explain(parts, io, outcome);
    const next =
      outcome.evacuation.phase === 'closed'
        ? ''
        : ' What was imposed on it in Nova is lifted once its nova-compute is alive.';
    tell(io, `The mark of ${host} is taken back.${next}`);
    return 'done';
  });
}

/** `enable`: an evacuated host is taken back now. */
export function enable(
  doors: Doors,
  global: GlobalOptions,
  io: Io,
  host: HostName,
  options: ByOption,
): Promise<ExitName> {
  return withParts(doors, global, io, async (parts) => {
    const by = operatorOf(parts, io, options.by);
    const outcome = await readmitHost(parts, { host, by });
    if (outcome.kind !== 'done') return explain(parts, io, outcome);
    tell(
      io,
      `A running worker takes ${host} back as soon as it has cleaned up: nova-ha status ${host}`,
    );
    return 'done';
  });
}

/** `retry`: instances that wait for a human's decision are sent once more. */
export function retry(
  doors: Doors,
  global: GlobalOptions,
  io: Io,
  host: HostName,
  instances: readonly InstanceId[],
  options: ByOption,
): Promise<ExitName> {
  return withParts(doors, global, io, async (parts) => {
    const by = operatorOf(parts, io, options.by);
    const wanted = instances.length === 0 ? null : instances;
    const outcome = await retryInstances(parts, { host, by, instances: wanted });
    if (outcome.kind !== 'done') return explain(parts, io, outcome);
    tell(io, `A running worker sends them once more: nova-ha status ${host} --watch`);
    return 'done';
  });
}

/** `abandon`: instances are given up, so that the mark can be done without them. */
export function abandon(
  doors: Doors,
  global: GlobalOptions,
  io: Io,
  host: HostName,
  instances: readonly InstanceId[],
  options: ByOption & { readonly reason: string },
): Promise<ExitName> {
  return withParts(doors, global, io, async (parts) => {
    const by = operatorOf(parts, io, options.by);
    const wanted = instances.length === 0 ? null : instances;
    const { reason } = options;
    const outcome = await abandonInstances(parts, { host, by, instances: wanted, reason });
    if (outcome.kind !== 'done') return explain(parts, io, outcome);
    tell(io, `They are given up; the rest goes on: nova-ha status ${host}`);
    return 'done';
  });
}

/** Says why a command on a record was not carried out. */
export function explain(
  parts: Parts,
  io: Io,
  outcome: Exclude<CommandOutcome, { kind: 'done' }>,
): ExitName {
  if (outcome.kind === 'refused') return refuse(io, outcome.why);
  return storeTrouble(parts, io, outcome.why);
}
