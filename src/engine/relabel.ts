import type { HostName, EventId } from '../domain/ids.ts';
import { disabledReason, parseDisabledReason } from '../domain/mark.ts';
import type { Compute } from './ports.ts';

/** What became of the label that Nova shows. */
export type Relabelled =
  | { readonly kind: 'done' }
  /** The service does not carry our label of that event: there is nothing to be mistaken. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'failed'; readonly why: string; readonly label: string };

/**
 * Writes into Nova that the evacuation of a host is to be forgotten, so that its mark is not rebuilt
 * from Nova where the store was wiped. The host stays disabled and forced down. Best effort.
 */
export async function relabelIgnored(
  { compute }: { readonly compute: Pick<Compute, 'fleet' | 'changeService'> },
  { host, event }: { readonly host: HostName; readonly event: EventId },
): Promise<Relabelled> {
  const label = ignoredLabel(event);
  const fleet = await compute.fleet();
  if (fleet.kind === 'unknown') return { kind: 'failed', why: fleet.why, label };
  const service = fleet.value.services.get(host);
  if (service === undefined) return { kind: 'nothing' };
  if (service.state === 'unknown')
    return { kind: 'failed', why: `the cell of ${host} cannot be reached`, label };
  // The reason of an operator, or of a later event, is left alone.
  const ours = parseDisabledReason(service.disabledReason);
  if (service.status !== 'disabled' || ours?.event !== event || ours.stage === 'ignored')
    return { kind: 'nothing' };
  const forgotten = disabledReason({ ...ours, stage: 'ignored', trusted: false });
  const change = { status: 'disabled' as const, disabledReason: forgotten };
  const outcome = await compute.changeService(service.id, change);
  if (outcome.kind === 'applied') return { kind: 'done' };
  const why = outcome.kind === 'refused' ? outcome.refusal.message : outcome.why;
  return { kind: 'failed', why, label };
}

/** What the service of an ignored host says. */
export const ignoredLabel = (event: EventId): string =>
  disabledReason({ event, stage: 'ignored', trusted: false });
