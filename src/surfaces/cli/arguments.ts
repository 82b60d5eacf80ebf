import { InvalidArgumentError } from 'commander';
import {
  asEvent,
  asHost,
  asInstance,
  hostNameProblem,
  type EventId,
  type HostName,
  type InstanceId,
} from '../../domain/ids.ts';

/** A host name from the command line. */
export function hostArgument(text: string): HostName {
  const problem = hostNameProblem(text);
  if (problem !== null) throw new InvalidArgumentError(`${problem}.`);
  return asHost(text);
}

/** Names of cluster nodes, collected; the same characters as in names of hosts. */
export const nodeArgument = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  hostArgument(text),
];

/** An instance id from the command line; names are not unique in Nova, so they are not taken. */
export function instanceArgument(
  text: string,
  before: readonly InstanceId[] = [],
): readonly InstanceId[] {
  const id = text.toLowerCase();
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) {
    throw new InvalidArgumentError(
      'an instance is given by its id (openstack server list --host …).',
    );
  }
  return [...before, asInstance(id)];
}

/** An event as `status` and `history` show it. */
export function eventArgument(text: string): EventId {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/.test(text))
    throw new InvalidArgumentError('an event is given as "nova-ha history" shows it.');
  return asEvent(text);
}

/** A number of lines or the like. */
export function countArgument(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text))
    throw new InvalidArgumentError('it must be a whole number from 1.');
  return Number(text);
}

/** A duration such as `90s`, `5m`, `1h`, in milliseconds. */
export function durationArgument(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(s|m|h)?$/.exec(text);
  if (match === null)
    throw new InvalidArgumentError('it must be a duration such as 90s, 5m or 1h.');
  const unit = match[2] === 'h' ? 3_600_000 : match[2] === 'm' ? 60_000 : 1000;
  return Number(match[1]) * unit;
}

/** `on` or `off`. */
export function onOffArgument(text: string): 'on' | 'off' {
  if (text !== 'on' && text !== 'off') throw new InvalidArgumentError('it must be on or off.');
  return text;
}

/** `KEY=VALUE`, collected. */
export function settingArgument(text: string, before: readonly Setting[] = []): readonly Setting[] {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('it must be KEY=VALUE, such as pace.in_flight=5.');
  return [...before, { key: text.slice(0, at), value: text.slice(at + 1) }];
}

/** A key of the configuration with its value, as written. */
export interface Setting {
  readonly key: string;
  readonly value: string;
}
