import type { Aggregate } from './facts.ts';
import type { HostName } from './ids.ts';
import { mapKnown, type Known } from './known.ts';
import { because, type Reason } from './reason.ts';
import { formatInstant, type Instant } from './time.ts';

/**
 * What an operator switched at run time. `pause`: nothing new is sent; marks, isolation, what is in
 * flight and the way back go on. `freeze`: the way back is held as well. `maintenance`: a freeze of
 * one host that counts in no storm.
 */
export type SwitchKind = 'pause' | 'freeze' | 'maintenance';

/** What a switch is about. */
export type SwitchScope =
  | { readonly of: 'all' }
  | { readonly of: 'aggregate'; readonly name: string }
  | { readonly of: 'host'; readonly host: HostName };

/** A switch that is on; kept in the store, so it survives restarts and binds every worker. */
export interface Switch {
  readonly kind: SwitchKind;
  readonly scope: SwitchScope;
  readonly reason: string;
  /** Who ran the command. */
  readonly by: string;
  readonly since: Instant;
  /** When it ends by itself; null: never. */
  readonly until: Instant | null;
}

/** The switches that are on at `now`: those whose time is up count no more. */
export const active = (switches: readonly Switch[], now: Instant): readonly Switch[] =>
  switches.filter(({ until }) => until === null || now < until);

/** Whether two scopes are the same one. */
export const isSameScope = (a: SwitchScope, b: SwitchScope): boolean =>
  JSON.stringify([a.of, nameOf(a)]) === JSON.stringify([b.of, nameOf(b)]);

const nameOf = (scope: SwitchScope): string =>
  scope.of === 'all' ? '' : scope.of === 'host' ? scope.host : scope.name;

/** `everything`, `aggregate gold` or the host's name. */
export const scopeText = (scope: SwitchScope): string =>
  scope.of === 'all' ? 'everything' : scope.of === 'host' ? scope.host : `aggregate ${scope.name}`;

/** What lifts a switch. */
export function liftedBy({ kind, scope }: Switch): string {
  if (kind === 'maintenance') return `nova-ha maintenance ${nameOf(scope)} off`;
  if (scope.of === 'all') return 'nova-ha resume';
  // Names of aggregates may hold anything.
  return scope.of === 'host'
    ? `nova-ha resume ${scope.host}`
    : `nova-ha resume --aggregate ${JSON.stringify(scope.name)}`;
}

/** A switch as the reason why something is held. */
export function reasonOfSwitch(one: Switch): Reason {
  const { by, reason } = one;
  const what = scopeText(one.scope);
  const since = seconds(one.since);
  const until = one.until === null ? '' : ` until ${seconds(one.until)}`;
  const lift = liftedBy(one);
  switch (one.kind) {
    case 'pause':
      return because('NH220', { what, by, since, until, reason, lift });
    case 'freeze':
      return because('NH221', { what, by, since, until, reason, lift });
    case 'maintenance':
      return because('NH222', { what, by, since, until, reason, lift });
  }
}

const seconds = (at: Instant): string => formatInstant(at).replace(/\.\d+/, '');

/** What the switches say about one host. */
export interface Hold {
  /** Why nothing new may be sent; empty when it may. */
  readonly send: readonly Reason[];
  /** Why the way back is held; empty when it may go on. */
  readonly readmit: readonly Reason[];
  readonly maintenance: boolean;
}

/**
 * What holds a host. The aggregates are needed only while a switch is about one. Switches that cannot
 * be read hold everything: an operator may have paused us.
 */
export function holdOf(
  host: HostName,
  switches: Known<readonly Switch[]>,
  aggregates: Known<readonly Aggregate[]>,
  now: Instant,
): Hold {
  if (switches.kind === 'unknown') {
    const why = because('NH104', { what: 'the switches (pause, freeze)', detail: switches.why });
    return { send: [why], readmit: [why], maintenance: false };
  }
  const send: Reason[] = [];
  const readmit: Reason[] = [];
  let maintenance = false;
  for (const one of active(switches.value, now)) {
    const about = concerns(one.scope, host, aggregates);
    if (about === 'no') continue;
    const why = about === 'yes' ? reasonOfSwitch(one) : undecided(one, aggregates);
    send.push(why);
    if (one.kind !== 'pause') readmit.push(why);
    maintenance ||= one.kind === 'maintenance' && about === 'yes';
  }
  return { send, readmit, maintenance };
}

function concerns(
  scope: SwitchScope,
  host: HostName,
  aggregates: Known<readonly Aggregate[]>,
): 'yes' | 'no' | 'unknown' {
  switch (scope.of) {
    case 'all':
      return 'yes';
    case 'host':
      return scope.host === host ? 'yes' : 'no';
    case 'aggregate':
      if (aggregates.kind === 'unknown') return 'unknown';
      return aggregates.value.some(({ name, hosts }) => name === scope.name && hosts.includes(host))
        ? 'yes'
        : 'no';
  }
}

function undecided(one: Switch, aggregates: Known<readonly Aggregate[]>): Reason {
  const detail = aggregates.kind === 'unknown' ? aggregates.why : '';
  const what = `the aggregates (${scopeText(one.scope)} is held)`;
  return because('NH104', { what, detail });
}

/** Whether the aggregates must be asked for, to know whom the switches are about. */
export const needsAggregates = (switches: Known<readonly Switch[]>, now: Instant): boolean =>
  switches.kind === 'known' &&
  active(switches.value, now).some(({ scope }) => scope.of === 'aggregate');

/** The hosts under maintenance; unknown switches name none. */
export function underMaintenance(
  switches: Known<readonly Switch[]>,
  now: Instant,
): ReadonlySet<HostName> {
  const found = mapKnown(switches, (all) =>
    active(all, now).flatMap(({ kind, scope }) =>
      kind === 'maintenance' && scope.of === 'host' ? [scope.host] : [],
    ),
  );
  return new Set(found.kind === 'known' ? found.value : []);
}

/** The switches with one more; an older one of the same kind and scope gives way. */
export const withSwitch = (
  switches: readonly Switch[],
  added: Switch,
  now: Instant,
): readonly Switch[] => [
  ...active(switches, now).filter(
    ({ kind, scope }) => kind !== added.kind || !isSameScope(scope, added.scope),
  ),
  added,
];

/** The switches without those kinds of that scope; `lifted` are the ones that were on. */
export function withoutSwitches(
  switches: readonly Switch[],
  kinds: readonly SwitchKind[],
  scope: SwitchScope,
  now: Instant,
): { readonly left: readonly Switch[]; readonly lifted: readonly Switch[] } {
  const on = active(switches, now);
  const isMeant = (one: Switch): boolean =>
    kinds.includes(one.kind) && isSameScope(one.scope, scope);
  return { left: on.filter((one) => !isMeant(one)), lifted: on.filter(isMeant) };
}
