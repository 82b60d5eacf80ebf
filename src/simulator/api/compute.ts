import { findToken } from '../identity.ts';
import { fault, identityFault, reply } from '../request.ts';
import type { ApiRequest, ApiResponse } from '../request.ts';
import type { World } from '../world.ts';
import { actionName } from './actions.ts';
import type { Call } from './context.ts';
import { answerHeaders, readMicroversion, versionDocument, versionList } from './microversion.ts';
import { matchRoute } from './routes.ts';
import type { RouteMatch } from './routes.ts';

const MALFORMED = "Malformed request URL: URL's project_id";

function unauthenticated(): ApiResponse {
  const message = 'The request you have made requires authentication.';
  const answer = identityFault(401, 'Unauthorized', message);
  answer.headers['www-authenticate'] = 'Keystone uri="http://keystone.internal:5000"';
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
  if (token === undefined) return unauthenticated();
  const requestId = `req-${world.random.uuid()}`;
  const version = readMicroversion(world, request);
  const answerAs = (answer: ApiResponse, minor: number): ApiResponse => ({
    ...answer,
    headers: { ...answerHeaders(world, requestId, minor), ...answer.headers },
  });
  if (typeof version !== 'number') return answerAs(version, 1);
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
    return reply(200, { version: versionDocument(world) });
  }
  const route = located === undefined ? undefined : matchRoute(method, located.segments);
  if (located === undefined || route === undefined) {
    world.traffic.count('compute', method, 'unknown');
    return reply(404, '404 Not Found\n\nThe resource could not be found.\n\n   ');
  }
  const suffix = route.template === '/servers/{id}/action' ? `:${actionName(request)}` : '';
  world.traffic.count('compute', method, `${route.template}${suffix}`);
  return dispatch(world, request, located, route);
}
