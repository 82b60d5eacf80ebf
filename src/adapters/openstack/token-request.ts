import type { Instant } from '../../domain/time.ts';
import { parseNovaTime } from '../../domain/time.ts';
import type { Endpoint } from './catalog.ts';
import type { CloudCredentials, Ref } from './credentials.ts';
import { shownUrl } from './exchange.ts';

/** What a token is good for. */
export interface Token {
  readonly id: string;
  /** By our own clock: the moment of signing in plus the lifetime that Keystone stated. */
  readonly expiresAt: Instant;
  readonly lifetimeMs: number;
  readonly roles: readonly string[];
  readonly projectId: string | null;
  readonly catalog: readonly Endpoint[];
}

/**
 * The body of `POST /v3/auth/tokens`. Application credentials must come without a scope (Keystone
 * rejects one); everything else is scoped to the project, because Nova >= 27 refuses other scopes.
 */
export function tokenRequest(cloud: CloudCredentials, scoped = true): unknown {
  const { auth, project } = cloud;
  const scope = project === null ? {} : { scope: scoped ? { project } : 'unscoped' };
  switch (auth.kind) {
    case 'password': {
      const user = { ...auth.user, password: auth.password };
      return { auth: { identity: { methods: ['password'], password: { user } }, ...scope } };
    }
    case 'token':
      return {
        auth: { identity: { methods: ['token'], token: { id: auth.token } }, ...scope },
      };
    case 'application-credential': {
      const credential = { ...auth.credential, secret: auth.secret };
      return {
        auth: {
          identity: { methods: ['application_credential'], application_credential: credential },
        },
      };
    }
    case 'fixed':
      return {};
  }
}

/** Who signs in where, for messages; never with a secret. */
export function describeLogin(cloud: CloudCredentials): string {
  const show = (ref: Ref): string =>
    'id' in ref
      ? ref.id
      : `${ref.name} (domain ${'id' in ref.domain ? ref.domain.id : ref.domain.name})`;
  const project = cloud.project === null ? '' : `, project ${show(cloud.project)}`;
  switch (cloud.auth.kind) {
    case 'password':
      return `user ${show(cloud.auth.user)}${project}`;
    case 'token':
      return `a static token${project}`;
    case 'application-credential': {
      const { credential } = cloud.auth;
      return `application credential ${'id' in credential ? credential.id : credential.name}`;
    }
    case 'fixed':
      return `the fixed endpoint ${shownUrl(cloud.auth.endpoint)}`;
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/**
 * Reads Keystone's answer; null when it is none. The lifetime is the difference of Keystone's own
 * two times, so that a skewed clock on our side does no harm.
 */
export function readToken(id: string | undefined, body: unknown, now: Instant): Token | null {
  const token = isObject(body) ? body['token'] : undefined;
  if (id === undefined || !isObject(token)) return null;
  const expiry = parseNovaTime(textOf(token['expires_at']) ?? '');
  if (expiry === null) return null;
  const issued = parseNovaTime(textOf(token['issued_at']) ?? '') ?? now;
  const project = token['project'];
  return {
    id,
    expiresAt: now + (expiry - issued),
    lifetimeMs: expiry - issued,
    projectId: isObject(project) ? textOf(project['id']) : null,
    roles: listOf(token['roles']).flatMap((role) =>
      isObject(role) && typeof role['name'] === 'string' ? [role['name']] : [],
    ),
    catalog: listOf(token['catalog']).flatMap(endpointsOf),
  };
}

function endpointsOf(service: unknown): readonly Endpoint[] {
  if (!isObject(service)) return [];
  return listOf(service['endpoints']).flatMap((endpoint) => {
    if (!isObject(endpoint)) return [];
    return [
      {
        serviceType: textOf(service['type']) ?? '',
        serviceName: textOf(service['name']),
        interface: (textOf(endpoint['interface']) ?? '').replace(/URL$/, ''),
        region: textOf(endpoint['region']) ?? textOf(endpoint['region_id']),
        url: (textOf(endpoint['url']) ?? '').trim(),
      },
    ];
  });
}
