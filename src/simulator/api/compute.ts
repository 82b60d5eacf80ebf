import { findToken } from '../identity.ts';
import { fault, identityFault, reply } from '../request.ts';
import type { ApiRequest, ApiResponse } from '../request.ts';
import type { World } from '../world.ts';
import { actionName } from './actions.ts';
import type { Call } from './context.ts';
import {
  answerHeaders,
  readMicroversion,
  requestedVersion,
  versionDocument,
  versionList,
} from './microversion.ts';
import { answerUnrouted } from './unrouted.ts';
import { matchRoute } from './routes.ts';
import type { RouteMatch } from './routes.ts';

const MALFORMED = "Malformed request URL: URL's project_id";

/** Most answers name their type even when they are empty; errors add the encoding. */
const ERROR_TYPE = 'application/json; charset=UTF-8';

function withType(answer: ApiResponse): Record<string, string> {
  if (answer.status === 202) return { 'content-type': 'application/json' };
  return answer.status >= 400 ? { 'content-type': ERROR_TYPE } : {};
}

function unauthenticated(world: World): ApiResponse {
  const message = 'The request you have made requires authentication.';
  const answer = identityFault(401, 'Unauthorized', message);
  answer.headers['www-authenticate'] = `Keystone uri="${world.identity.baseUrl}/identity/v3"`;
  return answer;
}

interface Located {
  /** Path segments after the version. */
  readonly segments: readonly string[];
  /** Project id in the URL, if there is one. */
  readonly projectInUrl: string | undefined;
}

function locate(path: string): Located | 'list' | 'document' | undefined {
  const [version, ...segments] = path.split('/').filter((segment) => segment !== '');
  if (version === undefined) return 'list';
  if (version !== 'v2.1') return undefined;
  const [first] = segments;
  if (first === undefined) return 'document';
  if (!/^[0-9a-f]{32}$/.test(first)) return { segments, projectInUrl: undefined };
  return { segments: segments.slice(1), projectInUrl: first };
}

function dispatch(
  world: World,
  request: ApiRequest,
  located: Located,
  route: RouteMatch,
): ApiResponse {
  const token = findToken(world.identity, request.headers['x-auth-token'], world.clock.now());
  if (token === undefined) return unauthenticated(world);
  const requestId = `req-${world.random.uuid()}`;
  const version = readMicroversion(world, request);
  const answerAs = (answer: ApiResponse, shown: number | string | undefined): ApiResponse => ({
    ...answer,
    headers: { ...answerHeaders(world, requestId, shown), ...withType(answer), ...answer.headers },
  });
  if (typeof version !== 'number') {
    // A version out of range is echoed as it was asked for, one that is none is not.
    return answerAs(version, version.status === 406 ? requestedVersion(request) : undefined);
  }
  const { scope } = token;
  if (scope.kind !== 'project' && (world.habits.enforceScope || scope.kind !== 'system')) {
    return answerAs(fault(403, 'This operation requires a project-scoped token.'), version);
  }
  const projectId = scope.kind === 'project' ? scope.project.id : '';
  if (located.projectInUrl !== undefined && located.projectInUrl !== projectId) {
    const message = `${MALFORMED} '${located.projectInUrl}' doesn't match Context's project_id '${projectId}'`;
    return answerAs(fault(400, message), version);
  }
  const call: Call = { world, request, token, policy: token.policy, projectId, version, requestId };
  return answerAs(route.handler(call, route.params), version);
}

/** Answers as Nova: versions, token, microversion, scope, route, then the handler of the resource. */
export function handleCompute(world: World, request: ApiRequest): ApiResponse {
  const { method } = request;
  const located = locate(request.path);
  if (located === 'list') {
    world.traffic.count('compute', method, '/');
    return reply(200, versionList(world));
  }
  if (located === 'document') {
    world.traffic.count('compute', method, '/v2.1');
    const version = readMicroversion(world, request);
    const shown = typeof version === 'number' ? version : 1;
    const headers = answerHeaders(world, `req-${world.random.uuid()}`, shown);
    return { status: 200, headers, body: { version: versionDocument(world) } };
  }
  const route = located === undefined ? undefined : matchRoute(method, located.segments);
  if (located === undefined || route === undefined) {
    world.traffic.count('compute', method, 'unknown');
    return answerUnrouted(request);
  }
  const suffix = route.template === '/servers/{id}/action' ? `:${actionName(request)}` : '';
  world.traffic.count('compute', method, `${route.template}${suffix}`);
  return dispatch(world, request, located, route);
}
