import type { Fleet } from '../../domain/host.ts';
import { shortName, type HostName } from '../../domain/ids.ts';

/**
 * The words of fence_compute for what Nova shows: `on` up and enabled, `off` down and disabled (fenced),
 * `failed` down yet enabled, `running` up yet disabled; `unknown` where Nova itself does not know.
 */
export type HostState = 'on' | 'off' | 'failed' | 'running' | 'unknown';

/** The state of a host in the list of services. */
export function stateOf(fleet: Fleet, host: HostName): HostState {
  const service = fleet.services.get(host);
  if (service === undefined || service.state === 'unknown') return 'unknown';
  if (service.state === 'up') return service.status === 'enabled' ? 'on' : 'running';
  return service.status === 'disabled' ? 'off' : 'failed';
}

/** A line of `list` and `list-status`. */
export interface ListRow {
  readonly name: string;
  readonly state: HostState;
}

/** Every host under its full and under its short name, as fence_compute lists them. */
export function listRows(fleet: Fleet): readonly ListRow[] {
  const rows = new Map<string, ListRow>();
  for (const host of [...fleet.services.keys()].sort()) {
    const state = stateOf(fleet, host);
    for (const name of [host, shortName(host)]) {
      if (!rows.has(name)) rows.set(name, { name, state });
    }
  }
  return [...rows.values()];
}
