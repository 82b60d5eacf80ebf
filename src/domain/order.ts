import type { Instance } from './instance.ts';
import type { Policy } from './policy.ts';
import { because, type Reason } from './reason.ts';

/** Where the wish for an order may stand: the owner's metadata, the flavor's extra specs, the image. */
export type OrderSource = 'instance' | 'flavor' | 'image';

/** When an instance is to be sent, among the others of its host. */
export interface Order {
  /** 1 to 1000, the highest first. */
  readonly priority: number;
  /** Members of a group go together; groups go one after the other. */
  readonly group: string | null;
}

/** An order with where it came from, and what was odd about it. */
export interface FoundOrder extends Order {
  /** Fragments such as `nova-ha:priority of the flavor`; empty when all is default. */
  readonly from: readonly string[];
  readonly warnings: readonly Reason[];
}

/** What is known about images; an image that is not there has no properties that we know of. */
export interface ImageProperties {
  readonly images: ReadonlyMap<
    string,
    { readonly properties: Readonly<Record<string, string>> } | null
  >;
}

/** The order of whoever says nothing. */
export const DEFAULT_ORDER: Order = { priority: 500, group: null };

const LOWEST = 1;
const HIGHEST = 1000;

/** StarlingX counts from 1 (first) to 10 (last): nfv_vim, `sw:wrs:recovery_priority`. */
const STARLINGX_KEY = 'sw:wrs:recovery_priority';
const STARLINGX_LAST = 10;

/**
 * The order of an instance: the first source that has a usable value wins, for priority and group each.
 * What is no number is passed over with a warning, what is out of range is brought into it (as
 * instanceha does): a typing error must never stop an evacuation.
 */
export function orderOf(
  instance: Instance,
  policy: Policy,
  { images }: ImageProperties = { images: new Map() },
): FoundOrder {
  const warnings: Reason[] = [];
  const from: string[] = [];
  const bags = policy.order.sources.map((source) => ({
    source,
    bag: bagOf(source, instance, images),
  }));
  let priority: number | null = null;
  let group: string | null = null;
  for (const { source, bag } of bags) {
    for (const key of policy.order.priorityKeys) {
      const written: string | undefined = bag[key];
      if (priority !== null || written === undefined) continue;
      const read = readPriority(key, written);
      if (read.odd) {
        const taken = read.priority === null ? 'it is passed over' : String(read.priority);
        const where = `${key} of ${nameOf(source)}`;
        warnings.push(because('NH331', { where, written, taken }));
      }
      if (read.priority === null) continue;
      priority = read.priority;
      from.push(`${key} of ${nameOf(source)}`);
    }
    for (const key of policy.order.groupKeys) {
      const written: string = bag[key]?.trim() ?? '';
      if (group !== null || written === '') continue;
      group = written;
      from.push(`${key} of ${nameOf(source)}`);
    }
  }
  return { priority: priority ?? DEFAULT_ORDER.priority, group, from, warnings };
}

/** An order as it is kept in a record, with where it came from; earlier builds did not keep that. */
export interface KeptOrder extends Order {
  readonly from?: readonly string[];
}

/** The order as it is kept in a record: absent when it is the default. */
export function keptOrder(found: KeptOrder): { readonly order?: KeptOrder } {
  const { priority, group, from = [] } = found;
  const isDefault = priority === DEFAULT_ORDER.priority && group === DEFAULT_ORDER.group;
  if (isDefault) return {};
  return { order: { priority, group, ...(from.length === 0 ? {} : { from }) } };
}

const nameOf = (source: OrderSource): string =>
  source === 'instance' ? "the instance's metadata" : `the ${source}`;

function bagOf(
  source: OrderSource,
  instance: Instance,
  images: ImageProperties['images'],
): Readonly<Record<string, string>> {
  switch (source) {
    case 'instance':
      return instance.metadata;
    case 'flavor':
      return instance.flavor.extraSpecs;
    case 'image':
      return (instance.imageId === null ? null : images.get(instance.imageId))?.properties ?? {};
  }
}

interface ReadPriority {
  readonly priority: number | null;
  readonly odd: boolean;
}

function readPriority(key: string, written: string): ReadPriority {
  const text = written.trim();
  if (!/^[+-]?\d+$/.test(text)) return { priority: null, odd: true };
  const [low, high] = key === STARLINGX_KEY ? [1, STARLINGX_LAST] : [LOWEST, HIGHEST];
  const value = Math.max(low, Math.min(high, Number(text)));
  const odd = value !== Number(text);
  return { priority: key === STARLINGX_KEY ? fromStarlingx(value) : value, odd };
}

/** 1 becomes 1000 and 10 becomes 1, evenly between. */
const fromStarlingx = (value: number): number =>
  Math.round(HIGHEST - ((value - 1) * (HIGHEST - LOWEST)) / (STARLINGX_LAST - 1));
