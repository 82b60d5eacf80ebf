/**
 * The form in which expectations are written down: plain data, nothing that runs.
 *
 * Strings may contain `{name}`: the hosts `{a}` to `{d}`, their service ids `{service.a}`
 * and so on, instances, aggregates and images by the names they were made under, whatever an
 * earlier step kept, and `{username}`, `{password}`, `{project}`. `{a}` is the host that fails.
 */
import type { AggregateChoices, ImageChoices, InstanceState, Spawning } from './target.ts';

/** One of the four hosts that expectations speak of. */
export type HostName = 'a' | 'b' | 'c' | 'd';

/** The services that are asked. */
export type ServiceName = 'compute' | 'identity' | 'image' | 'placement';

/** A request; what is left out has the plainest meaning. */
export interface Request {
  readonly service?: ServiceName;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Follows the endpoint (`…/v2.1`), or Keystone's `auth_url`; `root:` goes to the host's root. */
  readonly path: string;
  readonly body?: unknown;
  /** Of Nova, 2.93 if left out; null sends no such header. */
  readonly microversion?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** The admin's if left out; null sends none. */
  readonly token?: string | null;
}

/**
 * What an answer must be. Of objects only the named members are compared; lists have to
 * have the same length. Objects with one of these members are conditions: `$match` (a
 * regular expression), `$type`, `$not` (a value), `$in` (a list of values), `$some` (one of
 * the list's entries is like this), `$length`, `$absent` (true: no such member).
 */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, unknown>>;
}

/** One step on the way. */
export type Step =
  | { readonly boot: string; readonly on: HostName; readonly state?: InstanceState }
  | { readonly powerOff: HostName }
  | { readonly killCompute: HostName }
  | { readonly startCompute: HostName }
  | { readonly spawning: Spawning; readonly on: readonly HostName[] }
  | { readonly conductor: 'held' | 'running' }
  | ({ readonly aggregate: string; readonly hosts: readonly HostName[] } & AggregateChoices)
  | ({ readonly image: string } & ImageChoices)
  | {
      readonly ask: Request;
      readonly answer: Answer;
      /** Asked again until the answer is right, but no longer than this. */
      readonly withinMs?: number;
      /** Remembers members of the body: name to path, as `server.host`. */
      readonly keep?: Readonly<Record<string, string>>;
    }
  | {
      /** The instance whose guest is looked for. */
      readonly guest: string;
      readonly runsOn: readonly string[];
      readonly withinMs?: number;
    };

/** Something Nova or Keystone does, and on which nova-ha relies or which it must survive. */
export interface Expectation {
  readonly name: string;
  /** Why it matters to nova-ha. */
  readonly why: string;
  /** Whether it needs a fresh cloud; if not, it leaves hosts and services as they were. */
  readonly fresh: boolean;
  readonly steps: readonly Step[];
}

/** How long things that the cloud does by itself may take. */
export const SOON_MS = 90_000;

/** A GET and what it must give. */
export function get(
  path: string,
  status: number,
  body?: unknown,
  more: Partial<Request> = {},
): Step {
  return { ask: { path, ...more }, answer: { status, ...(body === undefined ? {} : { body }) } };
}

/** A GET that is repeated until it gives this. */
export function eventually(path: string, body: unknown): Step {
  return { ask: { path }, answer: { status: 200, body }, withinMs: SOON_MS };
}

/** A change of host's compute service and what it must answer. */
export function setService(
  host: HostName,
  change: unknown,
  status: number,
  body?: unknown,
  more: Partial<Request> = {},
): Step {
  return {
    ask: { method: 'PUT', path: `/os-services/{service.${host}}`, body: change, ...more },
    answer: { status, ...(body === undefined ? {} : { body }) },
  };
}

/** An action on an instance and what it must answer. */
export function action(
  instance: string,
  body: unknown,
  status: number,
  expected?: unknown,
  more: Partial<Request> = {},
): Step {
  return {
    ask: { method: 'POST', path: `/servers/${instance}/action`, body, ...more },
    answer: { status, ...(expected === undefined ? {} : { body: expected }) },
  };
}

/** Nova's shape of an error. */
export function fault(kind: string, code: number, message: unknown): unknown {
  return { [kind]: { code, message } };
}

/** The host loses power and Nova is told so: what comes before every evacuation. */
export function failed(host: HostName): readonly Step[] {
  return [
    { powerOff: host },
    setService(
      host,
      { status: 'disabled', disabled_reason: 'lost power', forced_down: true },
      200,
      { service: { state: 'down', status: 'disabled', forced_down: true } },
    ),
  ];
}

/** An instance's evacuations, newest first. */
export function evacuationsOf(instance: string): string {
  return `/os-migrations?migration_type=evacuation&instance_uuid=${instance}`;
}
