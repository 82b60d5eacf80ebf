import type { Identity, Token } from './identity.ts';

const SERVICES = [
  { type: 'identity', name: 'keystone', path: '/identity' },
  { type: 'compute', name: 'nova', path: '/compute/v2.1' },
  { type: 'image', name: 'glance', path: '/image' },
  { type: 'placement', name: 'placement', path: '/placement' },
  { type: 'network', name: 'neutron', path: '/network' },
] as const;

function computePath(identity: Identity, token: Token): string {
  if (identity.computeUrl === 'unversioned') return '/compute';
  if (identity.computeUrl === 'plain' || token.scope.kind !== 'project') return '/compute/v2.1';
  return `/compute/v2.1/${token.scope.project.id}`;
}

/** The service catalog: every service in every region; only the first region is real, the others answer 404. */
export function buildCatalog(identity: Identity, token: Token): unknown[] {
  if (token.scope.kind === 'unscoped') return [];
  return SERVICES.map((service) => {
    const path = service.type === 'compute' ? computePath(identity, token) : service.path;
    return {
      id: `service-${service.type}`,
      type: service.type,
      name: service.name,
      endpoints: identity.regions.flatMap((region, index) =>
        (['public', 'internal', 'admin'] as const).map((face) => ({
          id: `${service.type}-${region}-${face}`,
          interface: face,
          region,
          region_id: region,
          url: `${identity.baseUrl}${index === 0 ? '' : `/elsewhere/${region}`}${path}`,
        })),
      ),
    };
  });
}
