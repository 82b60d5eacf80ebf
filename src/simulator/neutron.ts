import { findToken } from './identity.ts';
import { identityFault, reply } from './request.ts';
import type { ApiRequest, ApiResponse } from './request.ts';
import type { World } from './world.ts';

/** Answers as a Neutron without networks: the lists exist and are empty. */
export function handleNetwork(world: World, request: ApiRequest): ApiResponse {
  const path = request.path.replace(/\/+$/, '');
  world.traffic.count('network', request.method, path === '' ? '/' : path);
  if (path === '') return reply(200, { versions: [{ id: 'v2.0', status: 'CURRENT', links: [] }] });
  if (findToken(world.identity, request.headers['x-auth-token'], world.clock.now()) === undefined) {
    return identityFault(401, 'Unauthorized', 'The request you have made requires authentication.');
  }
  const [, name] = /^\/v2\.0\/([a-z_-]+)$/.exec(path) ?? [];
  if (name === undefined || request.method !== 'GET') {
    return reply(404, {
      NeutronError: {
        type: 'HTTPNotFound',
        message: 'The resource could not be found.',
        detail: '',
      },
    });
  }
  return reply(200, { [name]: [] });
}
