/** An endpoint of Keystone's catalog, flattened. */
export interface Endpoint {
  readonly serviceType: string;
  readonly serviceName: string | null;
  readonly interface: string;
  readonly region: string | null;
  readonly url: string;
}

/** What endpoint is wanted. */
export interface Wanted {
  readonly serviceType: string;
  readonly serviceName: string | null;
  readonly region: string | null;
  readonly interfaces: readonly string[];
}

/** An endpoint's URL, or why there is none and what there is instead. */
export type Choice =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'none'; readonly message: string };

/**
 * Chooses an endpoint: type exactly, region exactly (case matters), the first interface that has
 * one. With several regions and none configured it refuses: evacuating in the wrong region would be
 * worse than not starting (keystoneauth takes the first one).
 */
export function chooseEndpoint(catalog: readonly Endpoint[], wanted: Wanted): Choice {
  const none = (message: string): Choice => ({ kind: 'none', message });
  const { serviceType, serviceName, region } = wanted;
  const named = catalog.some((endpoint) => endpoint.serviceName !== null);
  const ofType = catalog.filter(
    (endpoint) =>
      endpoint.url !== '' &&
      endpoint.serviceType === serviceType &&
      (serviceName === null || !named || endpoint.serviceName === serviceName),
  );
  if (ofType.length === 0) {
    const types = distinct(catalog.map((endpoint) => endpoint.serviceType));
    return none(
      catalog.length === 0
        ? 'the token comes without a catalog: does the user have a role in the project?'
        : `the catalog has no service of type "${serviceType}"${serviceName === null ? '' : ` named "${serviceName}"`} (it has ${types})`,
    );
  }
  const regions = [...new Set(ofType.map((endpoint) => endpoint.region ?? ''))];
  if (region === null && regions.length > 1) {
    return none(
      `the catalog has several regions (${distinct(regions)}): set region_name (or OS_REGION_NAME)`,
    );
  }
  const inRegion = ofType.filter((endpoint) => region === null || endpoint.region === region);
  if (inRegion.length === 0) {
    return none(
      `the catalog has no region "${region ?? ''}" for "${serviceType}": it has ${distinct(regions)} (case matters); set region_name (or OS_REGION_NAME)`,
    );
  }
  for (const name of wanted.interfaces) {
    const endpoint = inRegion.find((candidate) => candidate.interface === name);
    if (endpoint !== undefined) return { kind: 'url', url: endpoint.url };
  }
  return none(
    `the catalog has no ${wanted.interfaces.join(' or ')} endpoint for "${serviceType}": it has ${distinct(inRegion.map((endpoint) => endpoint.interface))}; set interface (or OS_INTERFACE)`,
  );
}

const distinct = (names: readonly string[]): string =>
  [...new Set(names)].sort().join(', ') || 'nothing';
