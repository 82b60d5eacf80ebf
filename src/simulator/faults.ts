import type { Random } from './random.ts';
import type { ApiRequest, ServiceName } from './request.ts';

/** What goes wrong with one request, between the client and the service. */
export type Fault =
  /** The answer comes late; the effect is at once. */
  | { readonly kind: 'latency'; readonly delayMs: number }
  /** The body comes in small pieces. */
  | { readonly kind: 'drip'; readonly bytes: number; readonly everyMs: number }
  /** The connection breaks before the service has seen the request. */
  | { readonly kind: 'reset-before' }
  /** The connection breaks after the service has done its work. */
  | { readonly kind: 'reset-after' }
  /** No answer, ever. */
  | { readonly kind: 'hang'; readonly effect: boolean }
  /** An error of a proxy or of the service itself, with or without the effect. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly effect: boolean;
      readonly retryAfterS?: number;
      readonly message?: string;
    }
  /** The right status with a body that is no JSON. */
  | { readonly kind: 'garbage' }
  /** Headers and half of the body, then the connection breaks. */
  | { readonly kind: 'truncated' }
  /** A proxy's page in HTML. */
  | { readonly kind: 'html'; readonly status: number }
  /** Valid JSON that means nothing. */
  | { readonly kind: 'wrong-content'; readonly body: unknown };

/** Which requests a rule is for; what is left out matches everything. */
export interface FaultMatch {
  readonly service?: ServiceName;
  readonly method?: string;
  /** Regular expression on the path. */
  readonly path?: string;
  /** Name of the server action in the body. */
  readonly action?: string;
  /** First matching request that is hit, from 1. */
  readonly nth?: number;
  /** How many matching requests are hit at most. */
  readonly times?: number;
  /** Chance that a matching request is hit. */
  readonly probability?: number;
}

/** One rule: the first that hits decides. */
export interface FaultRule {
  readonly match: FaultMatch;
  readonly fault: Fault;
}

/** The list of rules of a cloud. */
export interface Faults {
  /** Adds a rule; the result removes it. */
  add(rule: FaultRule): () => void;
  clear(): void;
  /** What happens to this request; counts it for the rules it matches. */
  decide(request: ApiRequest): Fault | undefined;
  /** How often a rule has hit, in the order of their adding. */
  hits(): readonly { readonly rule: FaultRule; readonly hits: number }[];
}

interface Entry {
  readonly rule: FaultRule;
  readonly path: RegExp | undefined;
  seen: number;
  hits: number;
}

function matches(entry: Entry, request: ApiRequest): boolean {
  const { service, method, action } = entry.rule.match;
  if (service !== undefined && service !== request.service) return false;
  if (method !== undefined && method !== request.method) return false;
  if (entry.path !== undefined && !entry.path.test(request.path)) return false;
  if (action === undefined) return true;
  return typeof request.body === 'object' && request.body !== null && action in request.body;
}

/** Makes an empty list of rules; chance comes from `random`. */
export function createFaults(random: Random): Faults {
  let entries: Entry[] = [];
  const hits = (entry: Entry): boolean => {
    const { nth = 1, times = Number.POSITIVE_INFINITY, probability = 1 } = entry.rule.match;
    entry.seen += 1;
    if (entry.seen < nth || entry.hits >= times) return false;
    return probability >= 1 || random.next() < probability;
  };
  return {
    add: (rule) => {
      const path = rule.match.path === undefined ? undefined : new RegExp(rule.match.path);
      const entry: Entry = { rule, path, seen: 0, hits: 0 };
      entries.push(entry);
      return () => {
        entries = entries.filter((other) => other !== entry);
      };
    },
    clear: () => {
      entries = [];
    },
    decide: (request) => {
      for (const entry of entries) {
        if (!matches(entry, request) || !hits(entry)) continue;
        entry.hits += 1;
        return entry.rule.fault;
      }
      return undefined;
    },
    hits: () => entries.map(({ rule, hits: count }) => ({ rule, hits: count })),
  };
}
