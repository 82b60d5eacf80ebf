import type {
  ClusterConfiguration,
  ClusterResource,
  FencingDevice,
  FencingLevel,
} from '../../domain/cluster.ts';
import { mapKnown, unknown, type Known } from '../../domain/known.ts';
import type { Millis } from '../../domain/time.ts';
import type { Cib } from './cib.ts';
import { findAll, type Element } from './xml.ts';

/** Pacemaker's defaults for what a configuration leaves out (2.1 and 3.0). */
const DEFAULT_FENCING_TIMEOUT_MS = 60_000;
const DEFAULT_RECHECK_MS = 15 * 60_000;

/** Reads what the running cluster is configured to do. No parameter that may be a secret is kept. */
export async function readConfiguration(
  cib: Pick<Cib, 'query'>,
): Promise<Known<ClusterConfiguration>> {
  const found = await cib.query('/cib/configuration');
  if (found.kind === 'unknown') return found;
  const [root] = found.value;
  if (root === undefined) return unknown('the CIB has no configuration');
  return mapKnown(found, () => configurationOf(root));
}

function configurationOf(root: Element): ClusterConfiguration {
  const located = new Set(
    findAll(root, 'rsc_location').map(({ attributes }) => attributes['rsc'] ?? ''),
  );
  const [defaults] = findAll(root, 'rsc_defaults');
  const meta = defaults === undefined ? new Map() : pairsIn(defaults, 'meta_attributes');
  const primitives = resourcesIn(root, { around: [], cloned: false, meta });
  const properties = new Map(
    findAll(root, 'cluster_property_set')
      .flatMap(({ children }) => children)
      .map(({ attributes }) => [attributes['name'] ?? '', attributes['value'] ?? '']),
  );
  const fencing = properties.get('stonith-enabled') ?? properties.get('fencing-enabled') ?? 'true';
  const isStonith = ({ element }: Primitive): boolean => element.attributes['class'] === 'stonith';
  return {
    members: findAll(root, 'node').flatMap(({ attributes }) =>
      attributes['type'] === 'remote' ? [] : [attributes['uname'] ?? ''],
    ),
    remotes: primitives
      .filter(({ element }) => agentOf(element) === REMOTE)
      .map(({ element }) => element.attributes['id'] ?? ''),
    devices: primitives.filter(isStonith).map(({ element }) => deviceOf(element)),
    levels: findAll(root, 'fencing-level').map(levelOf),
    resources: primitives
      .filter((primitive) => !isStonith(primitive))
      .map((primitive) => resourceOf(primitive, located)),
    fencingEnabled: !['false', 'no', 'off', '0', 'n'].includes(fencing.toLowerCase()),
    fencingTimeoutMs:
      lengthOf(properties.get('stonith-timeout') ?? properties.get('fencing-timeout')) ??
      DEFAULT_FENCING_TIMEOUT_MS,
    recheckMs: lengthOf(properties.get('cluster-recheck-interval')) ?? DEFAULT_RECHECK_MS,
  };
}

const REMOTE = 'ocf:pacemaker:remote';

interface Primitive {
  readonly element: Element;
  /** The ids of the groups and clones around it. */
  readonly around: readonly string[];
  readonly cloned: boolean;
  /** Its own meta attributes over those of what is around it, over the defaults. */
  readonly meta: ReadonlyMap<string, string>;
}

function resourcesIn(element: Element, outer: Omit<Primitive, 'element'>): Primitive[] {
  return element.children.flatMap((child) => {
    const meta = new Map([...outer.meta, ...pairsIn(child, 'meta_attributes')]);
    if (child.name === 'primitive') return [{ ...outer, element: child, meta }];
    if (!['resources', 'group', 'clone', 'master', 'bundle'].includes(child.name)) return [];
    return resourcesIn(child, {
      around: [...outer.around, child.attributes['id'] ?? ''],
      cloned: outer.cloned || child.name === 'clone' || child.name === 'master',
      meta,
    });
  });
}

function pairsIn(element: Element, set: string): ReadonlyMap<string, string> {
  return new Map(
    element.children
      .filter(({ name }) => name === set)
      .flatMap(({ children }) => children)
      .map(({ attributes }) => [attributes['name'] ?? '', attributes['value'] ?? '']),
  );
}

function agentOf({ attributes }: Element): string {
  const { class: kind = '', provider, type = '' } = attributes;
  return [kind, ...(provider === undefined ? [] : [provider]), type].join(':');
}

function deviceOf(element: Element): FencingDevice {
  const parameters = pairsIn(element, 'instance_attributes');
  const list = parameters.get('pcmk_host_list');
  const map = parameters.get('pcmk_host_map');
  const listed = (list ?? '').split(/[\s,;]+/);
  const argument = parameters.get('pcmk_host_argument') ?? null;
  const plug = argument === null ? (parameters.get('plug') ?? parameters.get('port')) : undefined;
  const mapped = (map ?? '').split(/[\s,;]+/).map((pair) => pair.split(/[:=]/, 1)[0] ?? '');
  return {
    id: element.attributes['id'] ?? '',
    agent: element.attributes['type'] ?? '',
    // As Pacemaker does: with a list the map only translates, without one its keys are the list.
    nodes:
      list === undefined && map === undefined
        ? null
        : (list === undefined ? mapped : listed).filter((name) => name !== ''),
    plug: plug ?? null,
    providesUnfencing: pairsIn(element, 'meta_attributes').get('provides') === 'unfencing',
    offTimeoutMs: lengthOf(parameters.get('pcmk_off_timeout')),
  };
}

const levelOf = ({ attributes }: Element): FencingLevel => ({
  target: attributes['target'] ?? null,
  index: Number(attributes['index'] ?? '0'),
  devices: (attributes['devices'] ?? '').split(',').filter((device) => device !== ''),
});

function resourceOf(
  { element, around, cloned, meta }: Primitive,
  located: ReadonlySet<string>,
): ClusterResource {
  const id = element.attributes['id'] ?? '';
  const operations = findAll(element, 'op');
  const monitor = operations
    .filter(({ attributes }) => attributes['name'] === 'monitor')
    .map(({ attributes }) => lengthOf(attributes['interval']))
    .find((length) => length !== null && length > 0);
  const start = operations.find(({ attributes }) => attributes['name'] === 'start');
  return {
    id,
    agent: agentOf(element),
    cloned,
    requires: meta.get('requires') ?? start?.attributes['requires'] ?? null,
    reconnectMs: lengthOf(pairsIn(element, 'instance_attributes').get('reconnect_interval')),
    monitorMs: monitor ?? null,
    failureTimeoutMs: lengthOf(meta.get('failure-timeout')),
    located: [id, ...around].some((name) => located.has(name)),
  };
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  msec: 1,
  us: 0.001,
  usec: 0.001,
  '': 1000,
  s: 1000,
  sec: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
};

/** Pacemaker's lengths of time: `60`, `60s`, `10min`, `PT15M`; null for what is none of them. */
function lengthOf(text: string | undefined): Millis | null {
  if (text === undefined) return null;
  const plain = /^\s*(\d+)\s*([a-z]*)\s*$/i.exec(text);
  if (plain !== null) {
    const unit = UNITS[(plain[2] ?? '').toLowerCase()];
    return unit === undefined ? null : Number(plain[1]) * unit;
  }
  const iso = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$/.exec(text);
  if (iso === null) return null;
  const [, hours = '0', minutes = '0', seconds = '0'] = iso;
  return (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
}
