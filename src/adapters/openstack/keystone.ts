import type { RefusalCause } from '../../domain/outcome.ts';
import { formatInstant } from '../../domain/time.ts';
import type { Instant, Millis } from '../../domain/time.ts';
import type { Clock, Log } from '../../engine/ports.ts';
import { chooseEndpoint } from './catalog.ts';
import type { Choice } from './catalog.ts';
import type { CloudCredentials } from './credentials.ts';
import { shownUrl } from './exchange.ts';
import type { Http, HttpResponse } from './exchange.ts';
import { faultOf, messageOf } from './refusal.ts';
import { describeLogin, readToken, tokenRequest } from './token-request.ts';
import type { Token } from './token-request.ts';

/** Why we have no token (or endpoint): whatever was to be sent was not sent. */
interface SignInFailure {
  readonly kind: 'failure';
  readonly cause: Extract<RefusalCause, 'not-sent' | 'authentication' | 'forbidden'>;
  readonly status: number | null;
  readonly message: string;
}

/** A token, or why there is none. */
export type Grant = { readonly kind: 'ok'; readonly token: Token } | SignInFailure;

/** The sign-in of one cloud. */
export interface Keystone {
  /** A token with enough life left; signs in when needed, once for all who wait. */
  token(): Promise<Grant>;
  /** A service has let this token in: should it refuse it later, the token has ended. */
  accepted(token: string, by: string): void;
  /** After a 401 from a service: a token other than the refused one. */
  renew(refused: string, by: string): Promise<Grant>;
  /** The URL of a service, from the configuration or the token's catalog. */
  endpoint(token: Token, serviceType: string): Choice;
}

/** What {@link createKeystone} works with. */
interface KeystoneDeps {
  readonly cloud: CloudCredentials;
  readonly http: Http;
  readonly clock: Pick<Clock, 'now'>;
  readonly log?: Pick<Log, 'info' | 'warn'>;
}

// Nova hands our token on to Neutron and Cinder during the rebuild, minutes after the POST.
const LIFE_LEFT_MS = 15 * 60_000;
const SHORT_LIFE_MS = 20 * 60_000;
/** Refused credentials are not tried again before: Keystone may lock the account. */
const REFUSED_PAUSE_MS = 30_000;
const RENEWAL_PAUSE_MS = 10_000;
/** A service that refuses a token as young as this, and never took it, refuses the next one too. */
const YOUNG_MS = 30_000;

/** How much life a token must have left; short-lived tokens are renewed in their last quarter. */
export const renewalMarginMs = (lifetimeMs: Millis): Millis =>
  lifetimeMs >= SHORT_LIFE_MS ? LIFE_LEFT_MS : lifetimeMs / 4;

/**
 * Keystone v3 over plain HTTP. A token is renewed 15 minutes before it ends, and used meanwhile, since
 * Keystone may hang; only for one that has less than half of that left a new one is waited for, once.
 * While Keystone is away the old one is used to its end. Only one sign-in is under way at any time.
 */
export function createKeystone({ cloud, http, clock, log }: KeystoneDeps): Keystone {
  let current: Token | null = null;
  let pending: Promise<Grant> | null = null;
  let lastFailure: { readonly at: Instant; readonly failure: SignInFailure } | null = null;
  let renewedAt: Instant | null = null;
  /** The services that have let the current token in. */
  const acceptedBy = new Set<string>();

  const age = (at: Instant): Millis => Math.abs(clock.now() - at);

  function signInOnce(): Promise<Grant> {
    if (lastFailure !== null) {
      const patience =
        lastFailure.failure.cause === 'not-sent'
          ? current === null
            ? 0
            : RENEWAL_PAUSE_MS
          : REFUSED_PAUSE_MS;
      if (age(lastFailure.at) < patience) return Promise.resolve(lastFailure.failure);
    }
    pending ??= signIn({ cloud, http, clock })
      .then((grant) => {
        if (grant.kind === 'ok') {
          current = grant.token;
          acceptedBy.clear();
          lastFailure = null;
          log?.info(`signed in at Keystone as ${describeLogin(cloud)}`, {
            expires: formatInstant(grant.token.expiresAt),
          });
        } else {
          lastFailure = { at: clock.now(), failure: grant };
          warnOf(grant);
        }
        return grant;
      })
      .finally(() => {
        pending = null;
      });
    return pending;
  }

  function warnOf({ message: why }: SignInFailure): void {
    if (current === null || current.expiresAt <= clock.now()) return;
    const expires = formatInstant(current.expiresAt);
    log?.warn('the token could not be renewed; the old one is used until it ends', {
      expires,
      why,
    });
  }

  async function token(): Promise<Grant> {
    const held = current;
    if (held === null) return signInOnce();
    const leftMs = held.expiresAt - clock.now();
    const marginMs = renewalMarginMs(held.lifetimeMs);
    const old = { kind: 'ok', token: held } as const;
    if (leftMs > marginMs || cloud.auth.kind === 'fixed') return old;
    // A static token's new tokens end when it ends: signing in again gains nothing.
    if (cloud.auth.kind === 'token') {
      return leftMs > 0 ? old : failure('authentication', null, expired(held.expiresAt));
    }
    const isAway = lastFailure !== null;
    const renewal = signInOnce();
    if (leftMs > marginMs / 2 || (leftMs > 0 && isAway)) return old;
    const grant = await renewal;
    return grant.kind === 'ok' || held.expiresAt <= clock.now() ? grant : old;
  }

  async function renew(refused: string, by: string): Promise<Grant> {
    if (current !== null && current.id !== refused) return { kind: 'ok', token: current };
    const held = current;
    const isNews = held !== null && acceptedBy.has(by);
    if (held !== null && !isNews && renewedAt !== null && age(renewedAt) < YOUNG_MS) {
      return failure('authentication', 401, DISTRUSTED);
    }
    renewedAt = clock.now();
    current = null;
    if (cloud.auth.kind === 'token' && held !== null && held.expiresAt <= clock.now()) {
      return failure('authentication', 401, expired(held.expiresAt));
    }
    return signInOnce();
  }

  return {
    token,
    accepted: (id, by) => {
      if (current?.id === id) acceptedBy.add(by);
    },
    renew,
    endpoint: ({ catalog }, serviceType) => {
      if (serviceType !== cloud.computeServiceType) return beside(cloud, catalog, serviceType);
      if (cloud.auth.kind === 'fixed') return { kind: 'url', url: cloud.auth.endpoint };
      if (cloud.computeEndpoint !== null) return { kind: 'url', url: cloud.computeEndpoint };
      const { computeServiceName: serviceName, region, interfaces } = cloud;
      return chooseEndpoint(catalog, { serviceType, serviceName, region, interfaces });
    },
  };
}

/** The endpoint of a service that is not Nova: its own override, else the catalog. */
function beside(cloud: CloudCredentials, catalog: Token['catalog'], serviceType: string): Choice {
  const url = cloud.endpointOverrides?.[serviceType];
  if (url !== undefined) return { kind: 'url', url };
  if (cloud.auth.kind === 'fixed') {
    const message = `a fixed endpoint has no catalog: set ${serviceType}_endpoint_override`;
    return { kind: 'none', message };
  }
  const { region, interfaces } = cloud;
  return chooseEndpoint(catalog, { serviceType, serviceName: null, region, interfaces });
}

const failure = (
  cause: SignInFailure['cause'],
  status: number | null,
  message: string,
): SignInFailure => ({ kind: 'failure', cause, status, message });

const DISTRUSTED =
  'the service refuses tokens that Keystone has just issued: check [keystone_authtoken] in its configuration (with access rules, service_type too), and that both use the same Keystone';

const expired = (at: Instant): string =>
  `the static token ended at ${formatInstant(at)} and cannot be renewed: give a new one, or use a password or an application credential`;

async function signIn({ cloud, http, clock }: KeystoneDeps): Promise<Grant> {
  const now = clock.now();
  if (cloud.auth.kind === 'fixed') {
    const id = cloud.auth.token ?? 'none';
    const far = Number.MAX_SAFE_INTEGER;
    const token = { id, expiresAt: far, lifetimeMs: far, roles: [], projectId: null, catalog: [] };
    return { kind: 'ok', token };
  }
  const result = await http.send(request(cloud, tokenRequest(cloud)));
  if (result.kind !== 'response') {
    return failure('not-sent', null, `Keystone cannot be reached: ${result.why}`);
  }
  if (result.status === 201 || result.status === 200) {
    const token = readToken(result.headers['x-subject-token'], result.body, now);
    if (token !== null) return { kind: 'ok', token };
  }
  return refusedSignIn(cloud, http, result);
}

const tokensUrl = ({ authUrl }: CloudCredentials): string =>
  `${/\/v3$/.test(authUrl) ? authUrl : `${authUrl}/v3`}/auth/tokens`;

const request = (cloud: CloudCredentials, json: unknown) => ({
  method: 'POST' as const,
  url: tokensUrl(cloud),
  headers: {},
  json,
  // Signing in twice only makes a second token.
  repeatable: true,
});

async function refusedSignIn(
  cloud: CloudCredentials,
  http: Http,
  { status, body, text, headers }: HttpResponse,
): Promise<SignInFailure> {
  const said = messageOf({ status, body, text });
  const address = shownUrl(cloud.authUrl);
  if (status === 401 && headers['openstack-auth-receipt'] !== undefined) {
    return failure(
      'authentication',
      401,
      `Keystone asks ${describeLogin(cloud)} for a second factor (MFA), which is not supported: use an application credential`,
    );
  }
  if (status === 401) return failure('authentication', 401, await whyRefused(cloud, http, said));
  if (status === 403) {
    return failure('forbidden', 403, `Keystone forbids ${describeLogin(cloud)}: ${said}`);
  }
  if (status >= 500 || status === 429 || status === 413) {
    return failure('not-sent', status, `Keystone at ${address} answers ${status}: ${said}`);
  }
  if (faultOf(body) !== null && status === 400) {
    return failure('authentication', 400, `Keystone rejects the sign-in request: ${said}`);
  }
  return failure(
    'not-sent',
    status,
    `auth_url ${address} is no Keystone v3 (POST ${shownUrl(tokensUrl(cloud))} answers ${status}, ${said}): set auth_url to Keystone's address, such as https://keystone.example.com:5000/v3`,
  );
}

/**
 * Keystone answers 401 alike to a wrong password and a wrong project. One sign-in without a scope
 * tells them apart; it is made only after a refusal, which is itself not repeated for a while.
 */
async function whyRefused(cloud: CloudCredentials, http: Http, said: string): Promise<string> {
  const login = describeLogin(cloud);
  switch (cloud.auth.kind) {
    case 'password': {
      const bare = await http.send(request(cloud, tokenRequest(cloud, false)));
      if (bare.kind === 'response' && bare.status === 201) {
        return `Keystone knows the user and the password, but refuses the project (${login}): check project_name, project_domain_name and that the user has a role in it`;
      }
      return `Keystone refuses the user or the password (${login}): check username, user_domain_name and password; Keystone said: ${said}`;
    }
    case 'application-credential':
      return `Keystone refuses ${login}: check its id and secret, and that it has not expired; Keystone said: ${said}`;
    case 'token':
    case 'fixed':
      return `Keystone refuses ${login}: it has ended or is not valid there, give a new one; Keystone said: ${said}`;
  }
}
