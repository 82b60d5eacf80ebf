import type { Refusal } from '../../domain/outcome.ts';
import type { Instant, Millis } from '../../domain/time.ts';
import type { Clock } from '../../engine/ports.ts';
import { shownUrl } from './exchange.ts';
import type { Http, HttpResponse, HttpResult } from './exchange.ts';
import type { Keystone } from './keystone.ts';

/** A read of a service beside Nova. */
export interface RestCall {
  /** Below the root of the service, each part already encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number>>;
  /** Such as the microversion that the service wants. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly deadlineMs?: Millis;
}

/** An answer of any status, or why there is none. */
export type RestResult =
  | {
      readonly kind: 'reply';
      readonly at: Instant;
      readonly label: string;
      readonly reply: HttpResponse;
    }
  | { readonly kind: 'none'; readonly why: string };

/** Reads of one service of the catalog, with a token. */
export interface RestSession {
  get(call: RestCall): Promise<RestResult>;
}

/**
 * Reads of a service beside Nova (Glance, Placement): token and endpoint, no microversions of its
 * own. `rootOf` turns the endpoint of the catalog into the root that the paths are below. A 401 is
 * answered with a new token, once.
 */
export function createRestSession(deps: {
  readonly keystone: Keystone;
  readonly http: Http;
  readonly clock: Pick<Clock, 'now'>;
  readonly serviceType: string;
  readonly rootOf: (endpoint: string) => string;
}): RestSession {
  const { keystone, http, clock, serviceType } = deps;
  return {
    get: async ({ path, query = {}, headers = {}, deadlineMs }) => {
      const grant = await keystone.token();
      if (grant.kind === 'failure') return none(grant);
      const choice = keystone.endpoint(grant.token, serviceType);
      if (choice.kind === 'none') return { kind: 'none', why: choice.message };
      const url = `${deps.rootOf(choice.url)}${path}`;
      const send = async (token: string): Promise<HttpResult> => {
        const result = await http.send({
          method: 'GET',
          url: `${url}${searchOf(query)}`,
          headers: { ...headers, 'X-Auth-Token': token },
          ...(deadlineMs === undefined ? {} : { deadlineMs }),
        });
        if (result.kind === 'response' && result.status !== 401)
          keystone.accepted(token, serviceType);
        return result;
      };
      const at = clock.now();
      let result = await send(grant.token.id);
      if (result.kind === 'response' && result.status === 401) {
        const renewed = await keystone.renew(grant.token.id, serviceType);
        if (renewed.kind === 'failure') return none(renewed);
        result = await send(renewed.token.id);
      }
      if (result.kind !== 'response') return { kind: 'none', why: result.why };
      return { kind: 'reply', at, label: `GET ${shownUrl(url)}`, reply: result };
    },
  };
}

const none = ({ message }: Pick<Refusal, 'message'>): RestResult => ({
  kind: 'none',
  why: message,
});

// Commas stay: lists of ids would grow past what proxies take for an address.
const searchOf = (query: Readonly<Record<string, string | number>>): string => {
  const parts = Object.entries(query).map(
    ([key, value]) =>
      `${encodeURIComponent(key)}=${encodeURIComponent(value).replaceAll('%2C', ',')}`,
  );
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
};
