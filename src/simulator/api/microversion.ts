import { fault } from '../request.ts';
import type { ApiRequest, ApiResponse } from '../request.ts';
import type { World } from '../world.ts';

/** The microversion as the request spells it; the newer header wins. */
export function requestedVersion(request: ApiRequest): string | undefined {
  const modern = request.headers['openstack-api-version'];
  const match = modern?.split(',').map((part) => /^\s*compute\s+(\S+)\s*$/.exec(part));
  const named = match?.find((found) => found !== null)?.[1];
  return named ?? request.headers['x-openstack-nova-api-version'];
}

/** The microversion of a request as a minor number, or Nova's refusal; no header means 2.1 without a word. */
export function readMicroversion(world: World, request: ApiRequest): number | ApiResponse {
  const text = world.habits.stripMicroversion ? undefined : requestedVersion(request);
  if (text === undefined) return 1;
  const { min, max } = world.microversion;
  if (text === 'latest') return max;
  const match = /^([1-9]\d*)\.([1-9]\d*|0)$/.exec(text);
  if (match === null) {
    return fault(
      400,
      `API Version String ${text} is of invalid format. Must be of format MajorNum.MinorNum.`,
    );
  }
  const minor = Number(match[2]);
  if (match[1] !== '2' || minor < min || minor > max) {
    return fault(
      406,
      `Version ${text} is not supported by the API. Minimum is 2.${min} and maximum is 2.${max}.`,
    );
  }
  return minor;
}

/** Headers of every answer of the compute API: request ids and the echo of the microversion. */
export function answerHeaders(
  world: World,
  requestId: string,
  version: number | string | undefined,
): Record<string, string> {
  const headers: Record<string, string> = {
    'x-openstack-request-id': requestId,
    'x-compute-request-id': requestId,
  };
  if (!world.habits.stripEcho && version !== undefined) {
    const shown = typeof version === 'number' ? `2.${version}` : version;
    headers['openstack-api-version'] = `compute ${shown}`;
    headers['x-openstack-nova-api-version'] = shown;
    headers['vary'] = 'OpenStack-API-Version, X-OpenStack-Nova-API-Version';
  }
  return headers;
}

/** Behind many proxies Nova's own links point to nowhere, which is why nobody should follow them. */
function linkBase(world: World): string {
  const { wrongLinks } = world.habits;
  return wrongLinks ? 'http://nova.internal:8774' : `${world.identity.baseUrl}/compute`;
}

/** Version document of the compute API at `/v2.1/`. */
export function versionDocument(world: World): unknown {
  const { min, max } = world.microversion;
  return {
    id: 'v2.1',
    status: 'CURRENT',
    version: `2.${max}`,
    min_version: `2.${min}`,
    updated: '2013-07-23T11:33:21Z',
    links: [
      { rel: 'self', href: `${linkBase(world)}/v2.1/` },
      { rel: 'describedby', type: 'text/html', href: 'http://docs.openstack.org/' },
    ],
    'media-types': [
      { base: 'application/json', type: 'application/vnd.openstack.compute+json;version=2.1' },
    ],
  };
}

/** Version list at `/`: the legacy v2 has no microversions. */
export function versionList(world: World): unknown {
  return {
    versions: [
      {
        id: 'v2.0',
        status: 'SUPPORTED',
        version: '',
        min_version: '',
        updated: '2011-01-21T11:33:21Z',
        links: [{ rel: 'self', href: `${linkBase(world)}/v2/` }],
      },
      versionDocument(world),
    ],
  };
}
