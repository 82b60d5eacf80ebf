import type { ServiceName } from './request.ts';

/** How often one kind of request came. */
export interface RouteCount {
  readonly service: ServiceName;
  readonly method: string;
  readonly route: string;
  readonly count: number;
}

/** Counters of the requests a cloud has answered. */
export interface Traffic {
  /** Counts one request under its route (a template, not a path). */
  count(service: ServiceName, method: string, route: string): void;
  /** All requests so far. */
  total(): number;
  /** Requests of one kind; `route` may carry an action, as in `/servers/{id}/action:evacuate`. */
  of(service: ServiceName, method: string, route: string): number;
  /** Every kind that came, in the order of its first coming. */
  list(): readonly RouteCount[];
  /** Forgets everything. */
  reset(): void;
}

/** Makes empty counters. */
export function createTraffic(): Traffic {
  const counts = new Map<string, number>();
  let total = 0;
  return {
    count: (service, method, route) => {
      const key = `${service} ${method} ${route}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      total += 1;
    },
    total: () => total,
    of: (service, method, route) => counts.get(`${service} ${method} ${route}`) ?? 0,
    list: () =>
      [...counts].map(([key, count]) => {
        const [service = '', method = '', route = ''] = key.split(' ');
        return { service: service as ServiceName, method, route, count };
      }),
    reset: () => {
      counts.clear();
      total = 0;
    },
  };
}
