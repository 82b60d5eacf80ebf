import type { HostName } from '../../domain/ids.ts';
import type { Millis } from '../../domain/time.ts';
import { waitUntilSettled } from '../settling.ts';
import type { Call } from './call.ts';
import { hostAmong } from './target.ts';

/**
 * `on` (unfencing): returns as soon as it is safe for nova-compute to start. It changes nothing, so it
 * does no harm when Pacemaker calls it for a machine that is still dead (at every attempt to
 * reconnect) or for a healthy one; the worker takes the host back once nova-compute reports.
 */
export async function fenceOn(call: Call): Promise<number> {
  const { request, deps, log } = call;
  const node = request.clusterNode;
  if (node !== null && (await deps.cluster.isConnected(node)) === false) {
    // Pacemaker calls again once the node is connected, before anything may start there.
    log.info(`${node} is not back yet: nothing can start there.`);
    return 0;
  }
  const results = await Promise.all(
    call.request.plugs.map((plug) => settled(call, plug, call.request.settleMs)),
  );
  return results.every(Boolean) ? 0 : 1;
}

/** Waits for one plug; true when it is settled. */
export async function settled(call: Call, plug: string, limitMs: Millis): Promise<boolean> {
  const result = await waitUntilSettled({
    deps: call.deps,
    openStore: () => call.store(),
    matches: (hosts) => marked(call, plug, hosts),
    limitMs,
    pauseMs: call.request.pauseMs,
    giveWay: () => urgentFencing(call),
    onWait: (why) => {
      call.log.info(`Waiting for ${plug} to complete evacuations: ${why}`);
    },
  });
  if (result.kind === 'settled') {
    call.log.info(`Evacuation complete for: ${plug}`);
    return true;
  }
  if (result.kind === 'gave-way') {
    call.log.warn(
      `${result.why}; on does not wait for the evacuation of ${plug} any longer. NovaComputeWait or the systemd drop-in holds nova-compute back.`,
    );
    return true;
  }
  call.log.error(
    `Failed: it is not safe yet for nova-compute on ${plug} to start: ${result.why.replace(/\.$/, '')}. See nova-ha status.`,
  );
  return false;
}

/**
 * Whether another node waits for its fencing. Under load Pacemaker runs one operation after the other,
 * and an `on` that waits, or fails, comes first again and again: a lost controller that ran the worker
 * would never be fenced, the worker never move, and the evacuation that we wait for never end.
 */
async function urgentFencing(call: Call): Promise<string | null> {
  const node = call.request.clusterNode;
  if (node === null) return null;
  const others = (await call.deps.cluster.unclean()).filter((name) => name !== node);
  return others.length === 0 ? null : `${others.join(', ')} must be fenced first`;
}

/** The marked hosts that a plug may mean; all of them when it cannot be told: waiting is harmless. */
function marked(call: Call, plug: string, hosts: readonly HostName[]): readonly HostName[] {
  const target = hostAmong(plug, call.request.domain, hosts);
  if (target.kind === 'host') return [target.host];
  return target.kind === 'ambiguous' ? target.hosts : [];
}
