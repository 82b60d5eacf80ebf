/** The parts of OpenStack that the simulator plays. */
export type ServiceName = 'identity' | 'compute' | 'image' | 'placement' | 'network';

/** Query parameters by name; a repeated one is a list. */
export type Query = Readonly<Record<string, string | readonly string[]>>;

/** One request as a service sees it; header names are lower case, the path has no service prefix. */
export interface ApiRequest {
  readonly service: ServiceName;
  readonly method: string;
  readonly path: string;
  readonly query: Query;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** One answer; header names are lower case, the body is not yet text (a string is sent as it is). */
export interface ApiResponse {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: unknown;
  /** How long the service holds the answer back; its effect has already happened. */
  readonly delayMs?: number;
}

/** Builds an answer with a body and no headers. */
export function reply(status: number, body?: unknown): ApiResponse {
  return { status, headers: {}, body };
}

const FAULT_NAMES: Readonly<Record<number, string>> = {
  400: 'badRequest',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'itemNotFound',
  405: 'badMethod',
  409: 'conflictingRequest',
  413: 'overLimit',
  429: 'overLimit',
  501: 'notImplemented',
  503: 'serviceUnavailable',
};

/** Builds an error in Nova's envelope (nova/api/openstack/wsgi.py, class Fault). */
export function fault(status: number, message: string): ApiResponse {
  return reply(status, { [FAULT_NAMES[status] ?? 'computeFault']: { code: status, message } });
}

/** Builds an error in the envelope of Keystone and of keystonemiddleware. */
export function identityFault(status: number, title: string, message: string): ApiResponse {
  return reply(status, { error: { code: status, message, title } });
}

/** Nova's answer to an exception nobody caught: what it did before is unknown to the caller. */
export function unexpectedError(className: string): ApiResponse {
  return fault(
    500,
    'Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if possible.\n' +
      `<class '${className}'>`,
  );
}

/** The last value of a query parameter, as Nova reads single-valued ones. */
export function queryValue(query: Query, name: string): string | undefined {
  const value = query[name];
  return typeof value === 'object' ? value.at(-1) : value;
}

/** Every value of a query parameter. */
export function queryValues(query: Query, name: string): readonly string[] {
  const value = query[name];
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}

/** Narrows a JSON value to an object. */
export function asRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** Narrows a JSON value to a string. */
export function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
