import { actOnServer } from './actions.ts';
import { actOnAggregate, listAggregates, showAggregate } from './aggregates.ts';
import type { Handler } from './context.ts';
import { listFlavors, listFlavorsDetail, showExtraSpecs, showFlavor } from './flavors.ts';
import {
  listHypervisors,
  listHypervisorsDetail,
  searchHypervisors,
  serversOfHypervisors,
  showHypervisor,
} from './hypervisors.ts';
import { listActions, showAction } from './instance-actions.ts';
import { showLimits } from './limits.ts';
import { listMigrations } from './migrations.ts';
import { listServerGroups, showServerGroup } from './server-groups.ts';
import { deleteServer, listServersBrief, listServersDetail, showServer } from './servers.ts';
import { deleteService, listServices, updateService } from './services.ts';

/** A route that fits a request. */
export interface RouteMatch {
  readonly template: string;
  readonly handler: Handler;
  readonly params: readonly string[];
}

interface Route {
  readonly method: string;
  readonly template: string;
  readonly segments: readonly string[];
  readonly handler: Handler;
}

/** Every compute route; fixed words come before ids where both would fit. */
const TABLE: readonly (readonly [string, string, Handler])[] = [
  ['GET', '/os-services', listServices],
  ['PUT', '/os-services/{id}', updateService],
  ['DELETE', '/os-services/{id}', deleteService],
  ['GET', '/servers', listServersBrief],
  ['GET', '/servers/detail', listServersDetail],
  ['GET', '/servers/{id}', showServer],
  ['DELETE', '/servers/{id}', deleteServer],
  ['POST', '/servers/{id}/action', actOnServer],
  ['GET', '/servers/{id}/os-instance-actions', listActions],
  ['GET', '/servers/{id}/os-instance-actions/{id}', showAction],
  ['GET', '/os-migrations', listMigrations],
  ['GET', '/os-aggregates', listAggregates],
  ['GET', '/os-aggregates/{id}', showAggregate],
  ['POST', '/os-aggregates/{id}/action', actOnAggregate],
  ['GET', '/os-hypervisors', listHypervisors],
  ['GET', '/os-hypervisors/detail', listHypervisorsDetail],
  ['GET', '/os-hypervisors/{id}', showHypervisor],
  ['GET', '/os-hypervisors/{id}/search', searchHypervisors],
  ['GET', '/os-hypervisors/{id}/servers', serversOfHypervisors],
  ['GET', '/os-server-groups', listServerGroups],
  ['GET', '/os-server-groups/{id}', showServerGroup],
  ['GET', '/flavors', listFlavors],
  ['GET', '/flavors/detail', listFlavorsDetail],
  ['GET', '/flavors/{id}', showFlavor],
  ['GET', '/flavors/{id}/os-extra_specs', showExtraSpecs],
  ['GET', '/limits', showLimits],
];

const ROUTES = new Map<string, Route[]>();
for (const [method, template, handler] of TABLE) {
  const segments = template.slice(1).split('/');
  const first = segments[0] ?? '';
  const routes = ROUTES.get(first) ?? [];
  routes.push({ method, template, segments, handler });
  ROUTES.set(first, routes);
}

/** Finds the route of a request by its path segments. */
export function matchRoute(method: string, segments: readonly string[]): RouteMatch | undefined {
  for (const route of ROUTES.get(segments[0] ?? '') ?? []) {
    if (route.method !== method || route.segments.length !== segments.length) continue;
    const fits = route.segments.every((part, index) => part === '{id}' || part === segments[index]);
    if (!fits) continue;
    const params = segments.filter((_, index) => route.segments[index] === '{id}');
    return { template: route.template, handler: route.handler, params };
  }
  return undefined;
}
