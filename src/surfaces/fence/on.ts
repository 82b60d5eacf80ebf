import type { HostName } from '../../domain/ids.ts';
import type { Millis } from '../../domain/time.ts';
import { asSentence } from '../agent-io.ts';
import { within } from '../deadline.ts';
import { waitUntilSettled, type Interruption, type Settling } from '../settling.ts';
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
  const result = await waitFor(call, plug, limitMs);
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
    `Failed: it is not safe yet for nova-compute on ${plug} to start: ${asSentence(result.why)} See nova-ha status.`,
  );
  return false;
}

async function waitFor(call: Call, plug: string, limitMs: Millis): Promise<Settling> {
  // A configuration that is wrong is not mended within our time: that is said at once.
  const store = await within(call.deps.clock, limitMs, call.store());
  if (store.kind === 'done' && store.value.kind === 'error') {
    return { kind: 'unsettled', why: store.value.message };
  }
  return waitUntilSettled({
    deps: call.deps,
    openStore: () => call.store(),
    matches: (hosts) => marked(call, plug, hosts),
    limitMs,
    pauseMs: call.request.pauseMs,
    interruption: (why) => interruption(call, why),
    onWait: (why) => {
      call.log.info(`Waiting for ${plug} to complete evacuations: ${why}`);
    },
  });
}

/**
 * What ends our waiting, because Pacemaker does nothing else as long as we wait (a transition that was
 * aborted waits for us, and under load one operation runs after the other). Another node must be
 * fenced: it may be the controller that ran the worker. Or nothing is at work, as after a restart of
 * the whole cluster: the worker is started once we have ended, and we are called again.
 */
async function interruption(call: Call, why: string): Promise<Interruption | null> {
  const node = call.request.clusterNode;
  if (node === null) return null;
  const { unclean, stoppedWorker } = await call.deps.cluster.outstanding();
  const others = unclean.filter((name) => name !== node);
  // It would fail again and again, and come first each time: this one lets the node back.
  if (others.length > 0) {
    return { kind: 'gave-way', why: `${others.join(', ')} must be fenced first` };
  }
  if (stoppedWorker === null) return null;
  return {
    kind: 'unsettled',
    why: `${why}, and ${stoppedWorker}, which evacuates, is not started`,
  };
}

/** The marked hosts that a plug may mean; all of them when it cannot be told: waiting is harmless. */
function marked(call: Call, plug: string, hosts: readonly HostName[]): readonly HostName[] {
  const target = hostAmong(plug, call.request.domain, hosts);
  if (target.kind === 'host') return [target.host];
  return target.kind === 'ambiguous' ? target.hosts : [];
}
