import { credentialsFrom } from './cloud-credentials.ts';
import { deepMerge, findCloudFile, isRaw } from './cloud-files.ts';
import type { CloudFile, Raw, Surroundings } from './cloud-files.ts';
import { collapse } from './cloud-layers.ts';
import type { Layer } from './cloud-layers.ts';
import type { CloudCredentials } from './credentials.ts';

/** What {@link loadCloud} is asked for besides its surroundings. */
export interface CloudRequest extends Surroundings {
  /** The cloud by name (`--os-cloud`); beats OS_CLOUD. */
  readonly cloudName?: string;
  /** Settings by clouds.yaml key that beat everything (command line, agent options). */
  readonly overrides?: Readonly<Record<string, string>>;
}

/** The credentials with the origin of each setting, or what is wrong and how to mend it. */
type LoadedCloud =
  | {
      readonly kind: 'ok';
      readonly cloud: CloudCredentials;
      readonly origins: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'error'; readonly message: string };

type Failure = Extract<LoadedCloud, { kind: 'error' }>;

const failure = (message: string): Failure => ({ kind: 'error', message });

const SELECTORS = new Set([
  'OS_CLOUD',
  'OS_REGION_NAME',
  'OS_CLIENT_CONFIG_FILE',
  'OS_CLIENT_SECURE_FILE',
  'OS_CLOUD_NAME',
]);

/** What the environment may change of a cloud that stands in a file. */
const BESIDES_A_FILE: Readonly<Record<string, string>> = {
  OS_REGION_NAME: 'region_name',
  OS_INTERFACE: 'interface',
  OS_ENDPOINT_TYPE: 'interface',
  OS_CACERT: 'cacert',
  OS_INSECURE: 'insecure',
};

/**
 * Finds the credentials as OpenStack's own clients do: clouds.yaml with secure.yaml merged over it,
 * or the OS_* variables, or options alone. Precedence: options, environment (for a cloud of a file
 * only region, interface, cacert and insecure), file.
 */
export function loadCloud(request: CloudRequest): LoadedCloud {
  const file = findCloudFile('clouds', request);
  const secure = findCloudFile('secure', request);
  if (file.kind === 'error') return file;
  if (secure.kind === 'error') return secure;
  const layers = chooseLayers(request, file, secure);
  if ('message' in layers) return layers;
  const options: Layer = { origin: 'option', values: request.overrides ?? {} };
  const settings = collapse([...layers.layers, options]);
  const region = settings.get('region_name');
  const listed = regionNames(layers.layers);
  if (region !== undefined && listed !== null && !listed.includes(String(region.value))) {
    return failure(
      `region_name "${String(region.value)}" (${region.origin}) is none of the regions of cloud "${layers.name}": ${listed.join(', ')} (case matters)`,
    );
  }
  const cloud = credentialsFrom(layers.name, settings, request.home);
  if ('kind' in cloud) return failure(cloud.message);
  const origins = Object.fromEntries([...settings].map(([key, { origin }]) => [key, origin]));
  return { kind: 'ok', cloud, origins };
}

interface Chosen {
  readonly name: string;
  readonly layers: readonly Layer[];
}

function chooseLayers(
  request: CloudRequest,
  file: Exclude<CloudFile, { kind: 'error' }>,
  secure: Exclude<CloudFile, { kind: 'error' }>,
): Chosen | Failure {
  const { env } = request;
  const inFile = file.kind === 'found' ? file.clouds : {};
  const inSecure = secure.kind === 'found' ? secure.clouds : {};
  const names = [...new Set([...Object.keys(inFile), ...Object.keys(inSecure)])];
  const envName = filled(env['OS_CLOUD_NAME']) ?? 'envvars';
  const envLayer = environmentLayer(env);
  if (envLayer !== null && names.includes(envName)) {
    return failure(
      `a cloud named "${envName}" stands in ${file.kind === 'found' ? file.path : 'secure.yaml'}, and the OS_* variables make one of the same name: rename one of them (OS_CLOUD_NAME)`,
    );
  }
  const asked = request.cloudName ?? filled(env['OS_CLOUD']);
  const optionsAlone = request.overrides?.['auth_url'] !== undefined;
  const sole = names.length === 1 ? names[0] : undefined;
  const name = asked ?? (envLayer !== null || optionsAlone ? envName : sole);
  if (name === envName) return { name, layers: envLayer === null ? [] : [envLayer] };
  const places =
    file.kind === 'found'
      ? file.path
      : [...new Set(file.searched.map((path) => path.replace(/\/[^/]*$/, '')))].join(', ');
  if (name === undefined) {
    return failure(
      names.length === 0
        ? `no cloud is configured: set OS_AUTH_URL and the other OS_* variables, or write a clouds.yaml (looked in ${places})`
        : `${places} has several clouds (${names.join(', ')}): name one with --os-cloud or OS_CLOUD`,
    );
  }
  const beside: Layer = { origin: 'environment', values: besideFile(env) };
  const found = fileLayers(name, file, secure, [
    beside,
    { origin: 'option', values: request.overrides ?? {} },
  ]);
  if (found === null) {
    const by = request.cloudName === undefined ? 'OS_CLOUD' : 'the key cloud, or --os-cloud';
    const known = names.length === 0 ? 'no clouds' : `these clouds: ${names.join(', ')}`;
    const found = file.kind === 'found' || secure.kind === 'found';
    const why = found ? `${places} has ${known}` : `there is no clouds.yaml in ${places}`;
    return failure(`there is no cloud "${name}" (${by}): ${why}`);
  }
  return 'message' in found ? found : { name, layers: [...found.layers, beside] };
}

function fileLayers(
  name: string,
  file: CloudFile,
  secure: CloudFile,
  above: readonly Layer[],
): { layers: readonly Layer[] } | Failure | null {
  const layers: Layer[] = [];
  for (const source of [file, secure]) {
    if (source.kind !== 'found' || source.clouds[name] === undefined) continue;
    const values = source.clouds[name];
    if (!isRaw(values)) return failure(`${source.path}: cloud "${name}" must be a mapping`);
    layers.push({ origin: source.path, values });
  }
  if (layers.length === 0) return null;
  return { layers: withRegion(layers, above) };
}

/** `regions: [{name, values}]`: the chosen (else the first) region's values lie over the cloud's. */
function withRegion(layers: readonly Layer[], above: readonly Layer[]): readonly Layer[] {
  const merged = layers.reduce<Raw>((under, { values }) => deepMerge(under, values), {});
  const regions = merged['regions'];
  if (!Array.isArray(regions) || regions.length === 0) return layers;
  const wanted = [...layers, ...above]
    .map(({ values }) => values['region_name'] ?? values['region-name'])
    .findLast((value) => typeof value === 'string' && value !== '');
  const entries: readonly unknown[] = regions;
  const entry = entries.find((region) => regionName(region) === wanted) ?? entries[0];
  const values = isRaw(entry) && isRaw(entry['values']) ? entry['values'] : {};
  const origin = layers[0]?.origin ?? 'clouds.yaml';
  const name = wanted === undefined ? { region_name: regionName(entry) } : {};
  return [...layers, { origin, values: { ...values, ...name } }];
}

const regionName = (region: unknown): string => {
  const name = isRaw(region) ? region['name'] : region;
  return typeof name === 'string' || typeof name === 'bigint' ? String(name) : '';
};

function regionNames(layers: readonly Layer[]): readonly string[] | null {
  const lists: readonly unknown[] = layers.map(({ values }) => values['regions']);
  const regions = lists.findLast((list) => Array.isArray(list) && list.length > 0);
  return Array.isArray(regions) ? regions.map(regionName) : null;
}

function environmentLayer(env: Surroundings['env']): Layer | null {
  const names = Object.keys(env).filter(
    (name) => name.startsWith('OS_') && !/^OS_(TEST|STD|LOG)/.test(name) && filled(env[name]),
  );
  if (names.every((name) => SELECTORS.has(name))) return null;
  const values = Object.fromEntries(
    names
      .filter((name) => name !== 'OS_CLOUD' && name !== 'OS_CLOUD_NAME')
      .map((name) => [name.slice(3).toLowerCase(), env[name]]),
  );
  return { origin: 'OS_* environment', values };
}

function besideFile(env: Surroundings['env']): Raw {
  const pairs = Object.entries(BESIDES_A_FILE).map(([name, key]) => [key, filled(env[name])]);
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined)) as Raw;
}

const filled = (value: string | undefined): string | undefined =>
  value === undefined || value === '' ? undefined : value;
