import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../../config/duration.ts';
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
    throw new InvalidArgumentError('it must be a whole number from 1 to 999999.');
  return Number(text);
}

/** A duration as the configuration has them, such as `90s`, `5m` or `1h30m`, in milliseconds. */
export function durationArgument(text: string): number {
  const length = parseDuration(text);
  if (length === null || length > LONGEST_MS)
    throw new InvalidArgumentError(
      'it must be a duration such as 90s, 5m, 1h30m or 2d, of 3650d at most.',
    );
  return length;
}

const LONGEST_MS = 3650 * 86_400_000;

/** How long a switch holds: an end that is now would hold nothing. */
export function spanArgument(text: string): number {
  const length = durationArgument(text);
  if (length === 0) throw new InvalidArgumentError('it must be longer than nothing, such as 90m.');
  return length;
}

/** Words for people, such as a reason: not empty, and no longer than anybody reads. */
export function wordsArgument(text: string): string {
  const words = text.trim();
  if (words === '') throw new InvalidArgumentError('it is empty.');
  if (words.length > LONGEST_WORDS)
    throw new InvalidArgumentError(
      `it has ${String(words.length)} characters (limit ${String(LONGEST_WORDS)}).`,
    );
  return words;
}

const LONGEST_WORDS = 1000;

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
