import { asHost, shortName, type HostName } from '../../domain/ids.ts';
import type { Millis } from '../../domain/time.ts';
import { within } from '../deadline.ts';
import type { Call } from './call.ts';
import { markDurably, problemOf } from './marking.ts';
import { HEAD_START_MS, nameHost } from './naming.ts';
import { hostAmong } from './target.ts';

/**
 * `off`: marks every host durably, then isolates them as far as Nova answers in time. 0 if and only if
 * every mark is durable: Nova being down never blocks fencing, the worker isolates later.
 */
export async function fenceOff(call: Call): Promise<number> {
  const { request, deps, log } = call;
  if (['2', 'disabled'].includes(request.recordOnly.toLowerCase())) {
    log.warn(
      `record_only=${request.recordOnly} does not switch fencing off here: the host is marked, else its guests would be forgotten.`,
    );
  }
  // Signing in to Nova takes the longest: it begins while the store is being opened.
  void call.fleet();
  if (request.delayMs > 0) await deps.clock.sleep(request.delayMs);
  const endMs = deps.clock.monotonicMs() + request.retryMs;
  const results = await Promise.all(request.plugs.map((plug) => markOne(call, plug, endMs)));
  const marked = results.filter((host) => host !== null);
  const isolateEndMs = deps.clock.monotonicMs() + request.isolateMs;
  const named = await Promise.all(
    marked.map(({ plug, host }) => respell(call, { plug, host, endMs, isolateEndMs })),
  );
  await Promise.all(
    named.map(async (host) => (host === null ? null : isolate(call, host, isolateEndMs))),
  );
  return results.includes(null) || named.includes(null) ? 1 : 0;
}

interface MarkedPlug {
  readonly plug: string;
  readonly host: HostName;
}

async function markOne(call: Call, plug: string, endMs: Millis): Promise<MarkedPlug | null> {
  const [other, named] = await Promise.all([
    otherNode(call, plug),
    nameHost(call, plug, HEAD_START_MS),
  ]);
  const why = other ?? (named.host === null ? named.why : null);
  if (why !== null) call.log.error(`Failed: ${why}. Nothing was marked.`);
  if (why !== null || named.host === null) return null;
  return (await markDurably(call, named.host, endMs)) ? { plug, host: named.host } : null;
}

/**
 * Why a plug is not the node that Pacemaker fences; null when it is, or may be under another name. A
 * device that has a `plug` of its own keeps it for every node: a living host would be marked, and its
 * guests started twice.
 */
async function otherNode({ request, deps }: Call, plug: string): Promise<string | null> {
  const node = request.clusterNode;
  if (node === null || shortName(node) === shortName(plug)) return null;
  const connected = (await deps.cluster.connected()).map(asHost);
  const target = hostAmong(plug, request.domain, connected);
  return target.kind === 'none' || (target.kind === 'host' && target.host === node)
    ? null
    : `Pacemaker fences ${node}, and plug names another node, ${plug}, which is connected; take plug out of the device (names are mapped with pcmk_host_map)`;
}

interface Respelling extends MarkedPlug {
  readonly endMs: Millis;
  readonly isolateEndMs: Millis;
}

/**
 * Nova may have answered only after the mark, and spell the host otherwise: then the right name is
 * marked too, and the wrong mark taken back. Null when the right name could not be marked.
 */
async function respell(call: Call, marked: Respelling): Promise<HostName | null> {
  const { plug, host } = marked;
  const leftMs = marked.isolateEndMs - call.deps.clock.monotonicMs();
  const named = await nameHost(call, plug, leftMs);
  if (named.host === null) {
    call.log.warn(`${host} is marked as it was given, but ${named.why}.`);
    return host;
  }
  if (named.host === host) return host;
  if (!(await markDurably(call, named.host, marked.endMs))) return null;
  const store = await call.store();
  if (store.kind === 'ok') {
    const by = `${call.agent}@${call.deps.machine}`;
    await within(
      call.deps.clock,
      marked.isolateEndMs - call.deps.clock.monotonicMs(),
      call.deps.useCases.unmark(store.value, host, by, call.log),
    );
  }
  return named.host;
}

async function isolate(call: Call, host: HostName, endMs: Millis): Promise<void> {
  const { deps, log } = call;
  const left = endMs - deps.clock.monotonicMs();
  const outcome = await within(deps.clock, left, isolateNow(call, host));
  const why = outcome.kind === 'done' ? outcome.value : 'Nova did not answer in time';
  if (why === null) log.info(`${host} is disabled and forced down in Nova.`);
  else
    log.warn(
      `${host} is marked, but not yet isolated: ${why.replace(/\.$/, '')}; the worker goes on with it.`,
    );
}

async function isolateNow(call: Call, host: HostName): Promise<string | null> {
  const [store, cloud] = await Promise.all([call.store(), call.cloud()]);
  if (store.kind === 'error') return store.message;
  if (cloud.kind === 'error') return cloud.message;
  const outcome = await call.deps.useCases.isolate(store.value, cloud.value, host);
  return outcome.kind === 'applied' ? null : problemOf(outcome);
}
