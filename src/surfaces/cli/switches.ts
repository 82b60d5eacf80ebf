import type { EventId, HostName } from '../../domain/ids.ts';
import { because } from '../../domain/reason.ts';
import {
  liftedBy,
  reasonOfSwitch,
  scopeText,
  type Switch,
  type SwitchKind,
  type SwitchScope,
} from '../../domain/switches.ts';
import { ignoredLabel, relabelIgnored } from '../../engine/relabel.ts';
import { forceHost, ignoreHost, leftAlone, switchOff, switchOn } from '../../engine/switches.ts';
import { printable } from './columns.ts';
import type { ExitName } from './exit.ts';
import { tell, type Io } from './io.ts';
import { explain } from './mark.ts';
import { operatorOf } from './operator.ts';
import type { Doors, GlobalOptions, Parts } from './parts.ts';
import type { SwitchOptions } from './program-switches.ts';
import { reasonText, refuse } from './refusal.ts';
import { storeTrouble, withParts } from './session.ts';

type HostCommand<Rest extends readonly unknown[]> = (
  doors: Doors,
  global: GlobalOptions,
  io: Io,
  ...rest: Rest
) => Promise<ExitName>;

/** `pause`: nothing new is sent. */
export const pause: HostCommand<[HostName | undefined, SwitchOptions]> = (
  ...[doors, global, io, host, options]
) =>
  withParts(doors, global, io, (parts) => {
    const scope = scopeOf(host, options.aggregate);
    if (scope === null) return Promise.resolve(usage(io));
    return put(parts, io, 'pause', scope, options);
  });

/** `freeze`: nothing new is sent, and nothing is taken back. */
export const freeze: HostCommand<[HostName, SwitchOptions]> = (
  ...[doors, global, io, host, options]
) =>
  withParts(doors, global, io, (parts) =>
    put(parts, io, 'freeze', scopeOf(host, undefined) ?? ALL, options),
  );

/** `maintenance HOST on|off`. */
export const maintenance: HostCommand<[HostName, 'on' | 'off', SwitchOptions]> = (
  ...[doors, global, io, host, state, options]
) =>
  withParts(doors, global, io, (parts) => {
    const scope: SwitchScope = { of: 'host', host };
    return state === 'on'
      ? put(parts, io, 'maintenance', scope, { reason: 'no reason given', ...options })
      : lift(parts, io, ['maintenance'], scope, options.by);
  });

/** `resume`: ends pauses and freezes; with `--force` the number of failures holds the host no more. */
export const resume: HostCommand<[HostName | undefined, SwitchOptions]> = (
  ...[doors, global, io, host, options]
) =>
  withParts(doors, global, io, async (parts) => {
    const scope = scopeOf(host, options.aggregate);
    if (scope === null) return usage(io);
    if (options.force !== true) return lift(parts, io, ['pause', 'freeze'], scope, options.by);
    if (scope.of !== 'host') return usage(io);
    const by = operatorOf(parts, io, options.by);
    const outcome = await forceHost(parts, { host: scope.host, by });
    if (outcome.kind !== 'done') return explain(parts, io, outcome);
    tell(io, `${scope.host} goes on although the number of failures would hold it.`);
    return await stillHeld(parts, io, scope.host);
  });

/** `ignore`: a host is forgotten. */
export const ignore: HostCommand<[HostName, SwitchOptions]> = (
  ...[doors, global, io, host, options]
) =>
  withParts(doors, global, io, async (parts) => {
    const stored = await parts.store.read(host);
    if (stored.kind === 'unknown') return storeTrouble(parts, io, stored.why);
    const record = stored.value?.evacuation;
    if (record === undefined || record.phase === 'closed')
      return refuse(io, because('NH603', { host }));
    const { count, flying } = leftAlone(record);
    if (options.yes !== true) return refuse(io, because('NH229', { host, count: count + flying }));
    const by = operatorOf(parts, io, options.by);
    const outcome = await ignoreHost(parts, { host, by, reason: options.reason ?? '' });
    if (outcome.kind !== 'done') return explain(parts, io, outcome);
    tell(io, `${host} is forgotten; ${String(count + flying)} instances are left alone.`);
    await forgetInNova(parts, io, host, outcome.evacuation.mark.event);
    tell(
      io,
      `It stays isolated in Nova until you lift that: openstack compute service set --enable --up ${host} nova-compute`,
    );
    return 'done';
  });

/** Nova's label of the host must not bring the mark back when the store is lost; best effort. */
async function forgetInNova(parts: Parts, io: Io, host: HostName, event: EventId): Promise<void> {
  const cloud = await parts.cloud();
  const outcome =
    cloud.kind === 'ok'
      ? await relabelIgnored(cloud, { host, event })
      : { kind: 'failed' as const, why: cloud.message, label: ignoredLabel(event) };
  if (outcome.kind !== 'failed') return;
  tell(
    io,
    printable(
      `nova-ha: warning: Nova still shows ${host} as being evacuated (${outcome.why}), so its mark would come back if the store were lost. To prevent that: openstack compute service set --disable --disable-reason "${outcome.label}" ${host} nova-compute`,
    ),
  );
}

const ALL: SwitchScope = { of: 'all' };

/** Whom a command is about; null when it names two. */
function scopeOf(host: HostName | undefined, aggregate: string | undefined): SwitchScope | null {
  if (aggregate !== undefined)
    return host === undefined ? { of: 'aggregate', name: aggregate } : null;
  return host === undefined || host === 'all' ? ALL : { of: 'host', host };
}

function usage(io: Io): 'usage' {
  tell(io, 'nova-ha: give either a HOST or --aggregate NAME, not both.');
  return 'usage';
}

async function put(
  parts: Parts,
  io: Io,
  kind: SwitchKind,
  scope: SwitchScope,
  options: SwitchOptions,
): Promise<ExitName> {
  const by = operatorOf(parts, io, options.by);
  const { reason = '', for: forMs = null } = options;
  const outcome = await switchOn(parts, { kind, scope, reason, by, forMs });
  if (outcome.kind === 'unreachable') return storeTrouble(parts, io, outcome.why);
  for (const one of outcome.changed)
    tell(io, `${reasonText(reasonOfSwitch(one))}. To end it: ${liftedBy(one)}`);
  return 'done';
}

async function lift(
  parts: Parts,
  io: Io,
  kinds: readonly SwitchKind[],
  scope: SwitchScope,
  who: string | undefined,
): Promise<ExitName> {
  const by = operatorOf(parts, io, who);
  const outcome = await switchOff(parts, { kinds, scope, by });
  if (outcome.kind === 'unreachable') return storeTrouble(parts, io, outcome.why);
  if (outcome.changed.length === 0) return refuse(io, because('NH228', { what: scopeText(scope) }));
  const words = outcome.changed.map(({ kind }) => kind).join(' and ');
  tell(io, `The ${words} of ${scopeText(scope)} is over.`);
  return scope.of === 'host' ? stillHeld(parts, io, scope.host) : 'done';
}

/** Says which other switches hold a host all the same. */
async function stillHeld(parts: Parts, io: Io, host: HostName): Promise<'done'> {
  const board = await parts.store.switchboard();
  if (board.kind === 'unknown') return 'done';
  const now = parts.clock.now();
  const holds = (one: Switch): boolean =>
    (one.until === null || now < one.until) &&
    (one.scope.of === 'all' || (one.scope.of === 'host' && one.scope.host === host));
  for (const one of board.value.switches.filter(holds))
    tell(io, `${host} is still held: ${reasonText(reasonOfSwitch(one))}`);
  return 'done';
}
