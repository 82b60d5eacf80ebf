import type { Refusal } from '../../domain/outcome.ts';
import type { Instant, Millis } from '../../domain/time.ts';
import type { Clock } from '../../engine/ports.ts';
import { computeRoot, echoes, maximumOf, readVersions } from './discovery.ts';
import type { VersionRange } from './discovery.ts';
import { shownUrl } from './exchange.ts';
import type { Http, HttpResult } from './exchange.ts';
import type { Keystone } from './keystone.ts';
import { messageOf } from './refusal.ts';
import type { Token } from './token-request.ts';

/** One call to Nova. */
export interface Call {
  readonly method: 'GET' | 'PUT' | 'POST';
  /** Below the v2.1 root, each part already encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number>>;
  /** The wanted minor microversion; the server's maximum when that is lower. */
  readonly minor: number;
  readonly json?: unknown;
  readonly fresh?: boolean;
  readonly repeatable?: boolean;
  readonly deadlineMs?: Millis;
  /** Asked right before each request leaves, after any renewal of the token; false: not sent. */
  readonly mayLeave?: () => boolean;
}

/** An answer of Nova (or of what stands before it), of any status. */
export interface Reply {
  readonly kind: 'reply';
  readonly at: Instant;
  readonly status: number;
  readonly body: unknown;
  readonly text: string;
  readonly requestId: string | null;
  /** Whether the microversion asked for came back; without it the answer is not to be trusted. */
  readonly echoed: boolean;
  readonly minor: number;
  /** Method and URL for messages. */
  readonly label: string;
}

/** A reply; or the call was certainly not carried out; or that is open. */
type CallResult =
  | Reply
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'uncertain'; readonly why: string };

/** Calls to Nova with token, endpoint and microversion. */
export interface Session {
  call(call: Call): Promise<CallResult>;
  /** The microversions of the server; null with the refusal when it is out of reach. */
  versions(): Promise<VersionRange | Refusal>;
}

const HELD_BACK: HttpResult = { kind: 'not-sent', why: 'the right to send it has ended' };

const REDISCOVER_MS = 10 * 60_000;

/** What {@link createSession} works with. */
interface SessionDeps {
  readonly keystone: Keystone;
  readonly http: Http;
  readonly clock: Pick<Clock, 'now'>;
  readonly serviceType: string;
}

/**
 * Adds to each call what Nova wants. A 401 means that the controller did not run: the call is sent
 * again with a new token, once, a POST too. So does a 406: it is sent again at the maximum that the
 * answer names. Everything else is handed back as it came.
 */
export function createSession(deps: SessionDeps): Session {
  const { keystone, clock } = deps;
  let asking: { readonly root: string; readonly range: Promise<VersionRange | Refusal> } | null =
    null;
  let discovered: { readonly root: string; readonly range: VersionRange; at: Instant } | null =
    null;

  async function withToken(
    send: (token: Token) => Promise<HttpResult>,
  ): Promise<HttpResult | { readonly kind: 'refused'; readonly refusal: Refusal }> {
    const grant = await keystone.token();
    if (grant.kind === 'failure') return { kind: 'refused', refusal: refusalOf(grant) };
    const first = await sendAs(grant.token, send);
    if (first.kind !== 'response' || first.status !== 401) return first;
    const renewed = await keystone.renew(grant.token.id, deps.serviceType);
    if (renewed.kind === 'failure') return { kind: 'refused', refusal: refusalOf(renewed) };
    return sendAs(renewed.token, send);
  }

  async function sendAs(
    token: Token,
    send: (token: Token) => Promise<HttpResult>,
  ): Promise<HttpResult> {
    const result = await send(token);
    if (result.kind === 'response' && result.status !== 401) {
      keystone.accepted(token.id, deps.serviceType);
    }
    return result;
  }

  async function discover(root: string): Promise<VersionRange | Refusal> {
    const fresh = discovered !== null && Math.abs(clock.now() - discovered.at) < REDISCOVER_MS;
    if (discovered !== null && discovered.root === root && fresh) return discovered.range;
    // Calls that start together ask once.
    if (asking?.root === root) return asking.range;
    const range = ask(root).finally(() => {
      asking = null;
    });
    asking = { root, range };
    return range;
  }

  async function ask(root: string): Promise<VersionRange | Refusal> {
    const url = `${root}/`;
    const result = await withToken((token) =>
      deps.http.send({ method: 'GET', url, headers: { 'X-Auth-Token': token.id } }),
    );
    if (result.kind === 'refused') return result.refusal;
    if (result.kind !== 'response') {
      return notSent(null, `Nova cannot be reached: ${result.why}`);
    }
    if (result.status !== 200) {
      return notSent(result.status, `GET ${shownUrl(url)}: ${result.status}, ${messageOf(result)}`);
    }
    const versions = readVersions(result.body);
    if (versions.kind === 'unusable')
      return notSent(200, `Nova at ${shownUrl(root)}: ${versions.message}`);
    discovered = { root, range: versions.range, at: clock.now() };
    return versions.range;
  }

  async function locate(): Promise<{ root: string; range: VersionRange } | Refusal> {
    const grant = await keystone.token();
    if (grant.kind === 'failure') return refusalOf(grant);
    const choice = keystone.endpoint(grant.token, deps.serviceType);
    if (choice.kind === 'none') return notSent(null, choice.message);
    const root = computeRoot(choice.url);
    const range = await discover(root);
    return 'cause' in range ? range : { root, range };
  }

  async function once(call: Call): Promise<CallResult> {
    const place = await locate();
    if ('cause' in place) return { kind: 'refused', refusal: place };
    const minor = Math.min(call.minor, place.range.max);
    const at = clock.now();
    const result = await withToken((token) =>
      call.mayLeave?.() === false
        ? Promise.resolve(HELD_BACK)
        : deps.http.send(wire({ call, root: place.root, minor, token })),
    );
    const label = `${call.method} ${shownUrl(place.root)}${call.path}`;
    if (result.kind === 'refused' || result.kind === 'uncertain') return result;
    if (result.kind === 'not-sent') {
      return { kind: 'refused', refusal: notSent(null, result.why) };
    }
    const { status, body, text, headers } = result;
    const requestId = headers['x-openstack-request-id'] ?? headers['x-compute-request-id'] ?? null;
    const echoed = echoes(headers, `2.${minor}`);
    return { kind: 'reply', at, status, body, text, requestId, echoed, minor, label };
  }

  async function call(wanted: Call): Promise<CallResult> {
    const first = await once(wanted);
    if (first.kind !== 'reply' || first.status !== 406) return first;
    const named = maximumOf(messageOf(first));
    if (named !== null && discovered !== null && named < discovered.range.max) {
      discovered = { ...discovered, range: { ...discovered.range, max: named } };
    } else {
      discovered = null;
    }
    return once(wanted);
  }

  return {
    call,
    versions: async () => {
      const place = await locate();
      return 'cause' in place ? place : place.range;
    },
  };
}

const notSent = (status: number | null, message: string): Refusal => ({
  cause: 'not-sent',
  status,
  message,
});

const refusalOf = (failure: Omit<Refusal, 'kind'>): Refusal => ({
  cause: failure.cause,
  status: failure.status,
  message: failure.message,
});

function wire(parts: {
  readonly call: Call;
  readonly root: string;
  readonly minor: number;
  readonly token: Token;
}) {
  const { call, root, minor, token } = parts;
  const query = Object.entries(call.query ?? {})
    .map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
    .join('&');
  return {
    method: call.method,
    url: `${root}${call.path}${query === '' ? '' : `?${query}`}`,
    headers: {
      'X-Auth-Token': token.id,
      // Nova reads the first from 2.27 on; older middleware and proxies know the second.
      'OpenStack-API-Version': `compute 2.${minor}`,
      'X-OpenStack-Nova-API-Version': `2.${minor}`,
    },
    ...(call.json === undefined ? {} : { json: call.json }),
    ...(call.fresh === undefined ? {} : { fresh: call.fresh }),
    ...(call.repeatable === undefined ? {} : { repeatable: call.repeatable }),
    ...(call.deadlineMs === undefined ? {} : { deadlineMs: call.deadlineMs }),
    ...(call.mayLeave === undefined ? {} : { mayLeave: call.mayLeave }),
  };
}
