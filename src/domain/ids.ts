declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A compute host by Nova's *service host* name (`OS-EXT-SRV-ATTR:host`), exactly as Nova spells it. */
export type HostName = Branded<'HostName'>;

/** The UUID of a Nova server (instance). */
export type InstanceId = Branded<'InstanceId'>;

/** One failure of one host; stands in the mark, `disabled_reason`, every log line and history row. */
export type EventId = Branded<'EventId'>;

/** One worker process; a restarted worker has a new one. */
export type WorkerId = Branded<'WorkerId'>;

/** Takes a text as a host name; the caller has checked it with {@link hostNameProblem}. */
export const asHost = (text: string): HostName => text as HostName;

/** Takes a text as an instance id. */
export const asInstance = (text: string): InstanceId => text as InstanceId;

/** Takes a text as an event id. */
export const asEvent = (text: string): EventId => text as EventId;

/** Takes a text as a worker id. */
export const asWorker = (text: string): WorkerId => text as WorkerId;

/**
 * What is wrong with a host name that somebody gave us, or null when nothing is. Names become file
 * names, Redis keys and URL parts, so only the characters of DNS names (and `_`) are taken.
 */
export function hostNameProblem(text: string): string | null {
  if (text === '') return 'the host name is empty';
  if (text.length > 255) return `the host name has ${String(text.length)} characters (limit 255)`;
  if (!/^[A-Za-z0-9_]/.test(text)) return 'a host name starts with a letter, a digit or "_"';
  const bad = /[^A-Za-z0-9._-]/.exec(text);
  return bad === null ? null : `a host name cannot contain ${JSON.stringify(bad[0])}`;
}

/** `compute-1` of `compute-1.example.com`. */
export const shortName = (host: string): string => host.split('.', 1)[0] ?? host;
