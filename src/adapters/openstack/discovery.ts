/** The microversions that a Nova offers, as minor numbers: 2.96 is 96. */
export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

/** The lowest maximum that we work with: PUT /os-services/{uuid} exists from 2.53 on. */
const FLOOR = 53;

/** `2.96` as 96; null for anything but `2.N`. */
export function minorOf(version: string): number | null {
  const match = /^2\.(\d{1,4})$/.exec(version.trim());
  return match === null ? null : Number(match[1]);
}

/**
 * The address of Nova's v2.1 API behind a catalog entry: a project id and a version at the end are
 * taken off, `/v2.1` is put on. Links inside version documents are never used, they carry the wrong
 * scheme or host behind proxies.
 */
export function computeRoot(endpoint: string): string {
  const bare = endpoint.replace(/[?#].*$/s, '').replace(/\/+$/, '');
  const versioned = /^(.*)\/v2(?:\.1)?(?:\/[^/]+)?$/.exec(bare);
  return `${versioned?.[1] ?? bare}/v2.1`;
}

/** What a version document says. */
type Versions =
  | { readonly kind: 'range'; readonly range: VersionRange }
  | { readonly kind: 'unusable'; readonly message: string };

/** Reads `{"version": {...}}`, or the entry of v2.1 in `{"versions": [...]}`. */
export function readVersions(body: unknown): Versions {
  const unusable = (message: string): Versions => ({ kind: 'unusable', message });
  const { version, versions } = (body ?? {}) as { version?: unknown; versions?: unknown };
  const candidates: readonly unknown[] = Array.isArray(versions) ? versions : [version];
  for (const candidate of candidates) {
    if (typeof candidate !== 'object' || candidate === null) continue;
    const entry = candidate as { id?: unknown; version?: unknown; min_version?: unknown };
    if (entry.id !== 'v2.1') continue;
    const max = minorOf(String(entry.version));
    const min = minorOf(String(entry.min_version));
    if (max === null || min === null) {
      return unusable('it is the legacy v2 API without microversions: use the v2.1 endpoint');
    }
    if (max < FLOOR) {
      return unusable(
        `its highest microversion is 2.${max}, and 2.${FLOOR} is needed (OpenStack Pike)`,
      );
    }
    return { kind: 'range', range: { min, max } };
  }
  return unusable('it shows no version document of Nova v2.1: is this the compute endpoint?');
}

/** The maximum that a 406 names; during a rolling upgrade the nodes behind one address differ. */
export function maximumOf(message: string): number | null {
  const match = /maximum is (2\.\d+)/.exec(message);
  return match?.[1] === undefined ? null : minorOf(match[1]);
}

/** Whether an answer states the microversion that was asked for: a proxy may strip the header. */
export function echoes(headers: Readonly<Record<string, string>>, version: string): boolean {
  const stated = (headers['openstack-api-version'] ?? '').split(',').map((part) => part.trim());
  return (
    stated.includes(`compute ${version}`) || headers['x-openstack-nova-api-version'] === version
  );
}
