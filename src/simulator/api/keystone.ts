import { buildCatalog } from '../catalog.ts';
import { findToken, issueToken } from '../identity.ts';
import type { Token } from '../identity.ts';
import { asRecord, identityFault, reply } from '../request.ts';
import type { ApiRequest, ApiResponse } from '../request.ts';
import { keystoneTime } from '../timings.ts';
import type { World } from '../world.ts';
import { authenticate } from './keystone-auth.ts';

const UNAUTHORIZED = 'The request you have made requires authentication.';

function versionDocument(baseUrl: string): unknown {
  return {
    id: 'v3.14',
    status: 'stable',
    updated: '2020-04-07T00:00:00Z',
    links: [{ rel: 'self', href: `${baseUrl}/identity/v3/` }],
    'media-types': [
      { base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' },
    ],
  };
}

function tokenBody(world: World, token: Token, withCatalog: boolean): unknown {
  const { identity } = world;
  const { domain } = identity;
  const scope = token.scope;
  return {
    token: {
      methods: token.methods,
      user: { id: token.user.id, name: token.user.name, domain, password_expires_at: null },
      audit_ids: [token.id.slice(7, 29)],
      expires_at: keystoneTime(token.expiresAtMs),
      issued_at: keystoneTime(token.issuedAtMs),
      ...(scope.kind === 'project'
        ? {
            project: { id: scope.project.id, name: scope.project.name, domain },
            is_domain: false,
          }
        : {}),
      ...(scope.kind === 'system' ? { system: { all: true } } : {}),
      ...(scope.kind === 'domain' ? { domain } : {}),
      ...(scope.kind === 'unscoped'
        ? {}
        : { roles: token.roles.map((name) => ({ id: `role-${name}`, name })) }),
      ...(withCatalog && scope.kind !== 'unscoped'
        ? { catalog: buildCatalog(identity, token) }
        : {}),
    },
  };
}

function missing(name: string, place: string): ApiResponse {
  const message = `Expecting to find ${name} in ${place}. The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.`;
  return identityFault(400, 'Bad Request', message);
}

/** A request without the proof that it announces is a mistake of form, not of credentials. */
function malformedProof(auth: Record<string, unknown>): ApiResponse | undefined {
  const proof = asRecord(auth['identity']);
  if (proof === undefined) {
    return identityFault(400, 'Bad Request', "'identity' is a required property");
  }
  const methods: unknown = proof['methods'];
  if (!Array.isArray(methods)) {
    const message = "Invalid input for field 'identity': 'methods' is a required property";
    return identityFault(400, 'Bad Request', message);
  }
  const absent = (methods as unknown[]).find(
    (name) => typeof name === 'string' && proof[name] === undefined,
  );
  return typeof absent === 'string' ? missing(absent, 'identity') : undefined;
}

function createToken(world: World, request: ApiRequest): ApiResponse {
  const nowMs = world.clock.now();
  const auth = asRecord(asRecord(request.body)?.['auth']);
  if (auth === undefined) return missing('auth', 'request body');
  const malformed = malformedProof(auth);
  if (malformed !== undefined) return malformed;
  const methods = asRecord(auth['identity'])?.['methods'];
  const usesCredential = Array.isArray(methods) && methods.includes('application_credential');
  if (usesCredential && auth['scope'] !== undefined) {
    const message = 'Application credentials cannot request a scope.';
    return identityFault(401, 'Unauthorized', message);
  }
  const proven = authenticate(world.identity, auth, nowMs);
  if (proven === undefined) return identityFault(401, 'Unauthorized', UNAUTHORIZED);
  const lifetimeMs = world.timings.tokenLifetimeMs;
  const token = issueToken(world.identity, world.random, {
    user: proven.user,
    scope: proven.scope,
    roles: proven.roles,
    methods: proven.methods,
    issuedAtMs: nowMs,
    expiresAtMs: Math.min(nowMs + lifetimeMs, proven.expiresAtMs ?? Number.POSITIVE_INFINITY),
  });
  return {
    status: 201,
    headers: { 'x-subject-token': token.id },
    body: tokenBody(world, token, request.query['nocatalog'] === undefined),
  };
}

function showToken(world: World, request: ApiRequest): ApiResponse {
  const nowMs = world.clock.now();
  const caller = findToken(world.identity, request.headers['x-auth-token'], nowMs);
  if (caller === undefined) return identityFault(401, 'Unauthorized', UNAUTHORIZED);
  const subject = findToken(world.identity, request.headers['x-subject-token'], nowMs);
  if (subject === undefined) {
    return identityFault(404, 'Not Found', 'Could not recognize Fernet token');
  }
  if (request.method === 'DELETE') {
    world.identity.tokens.delete(subject.id);
    return reply(204);
  }
  const body = request.method === 'HEAD' ? undefined : tokenBody(world, subject, true);
  return { status: 200, headers: { 'x-subject-token': subject.id }, body };
}

/** Answers as Keystone v3: version documents, and tokens by password, token or application credential. */
export function handleIdentity(world: World, request: ApiRequest): ApiResponse {
  const answer = route(world, request);
  answer.headers['vary'] = 'X-Auth-Token';
  if (answer.status === 401) {
    answer.headers['www-authenticate'] = `Keystone uri="${world.identity.baseUrl}/identity/v3"`;
  }
  return answer;
}

function route(world: World, request: ApiRequest): ApiResponse {
  const path = request.path.replace(/\/+$/, '');
  const { method } = request;
  world.traffic.count('identity', method, path === '' ? '/' : path);
  if (path === '' && method === 'GET') {
    return reply(300, { versions: { values: [versionDocument(world.identity.baseUrl)] } });
  }
  if (path === '/v3' && method === 'GET') {
    return reply(200, { version: versionDocument(world.identity.baseUrl) });
  }
  if (path === '/v3/auth/tokens') {
    if (method === 'POST') return createToken(world, request);
    if (method === 'GET' || method === 'HEAD' || method === 'DELETE')
      return showToken(world, request);
  }
  return identityFault(
    404,
    'Not Found',
    `(http://cloud.test${path}): The resource could not be found.`,
  );
}
