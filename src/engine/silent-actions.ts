import { expected } from '../domain/action.ts';
import type { SilentAction } from '../domain/died.ts';
import { answered } from '../domain/died-steps.ts';
import type { Fleet, ServiceChange } from '../domain/host.ts';
import type { HostName } from '../domain/ids.ts';
import { disabledReason, wholeHost, type FenceProof } from '../domain/mark.ts';
import type { SilentHost } from '../domain/switchboard.ts';
import { markHost } from './mark-host.ts';
import type { SilenceParts } from './silent-hosts.ts';
import { changedSince } from './unchanged.ts';

/** The hosts that this worker is having switched off just now. */
export type Asked = Set<HostName>;

/** What the actions were decided on. */
interface Standing {
  readonly fleet: Fleet;
  /** Asked right before every action. */
  readonly mayAct: () => boolean;
  readonly asked: Asked;
}

/** Carries out what is durable. A host is switched off in the background: that takes minutes. */
export async function performSilent(
  parts: SilenceParts,
  actions: readonly SilentAction[],
  standing: Standing,
): Promise<void> {
  const { mayAct: mayLeave } = standing;
  for (const action of actions) {
    if (!mayLeave()) return;
    const { host } = action;
    switch (action.do) {
      case 'disable': {
        const { label: event } = action;
        const reason = disabledReason({ event, stage: 'silent', trusted: false });
        const wanted = { status: 'disabled', disabledReason: reason } as const;
        await change(parts, host, wanted, { seen: standing.fleet, mayLeave });
        break;
      }
      case 'enable':
        await change(parts, host, { status: 'enabled' }, { seen: standing.fleet, mayLeave });
        break;
      case 'mark':
        await markProven(parts, host, action.proof);
        break;
      case 'switch-off':
        if (standing.asked.has(host)) break;
        standing.asked.add(host);
        void switchOff(parts, host).finally(() => standing.asked.delete(host));
        break;
    }
  }
}

async function change(
  { compute, fleet, log }: SilenceParts,
  host: HostName,
  wanted: ServiceChange,
  { seen, mayLeave }: { readonly seen: Fleet; readonly mayLeave: () => boolean },
): Promise<void> {
  const service = seen.services.get(host);
  if (service === undefined || service.state === 'unknown') return;
  const why = await changedSince(fleet, host, expected(service));
  if (why !== null) {
    log.info(`The compute service of ${host} is left as it is: ${why}.`, { host });
    return;
  }
  const outcome = await compute.changeService(service.id, wanted, mayLeave);
  fleet.forget();
  const word = wanted.status ?? 'changed';
  if (outcome.kind === 'applied')
    log.info(`The compute service of ${host} is ${word} (died.action).`, { host });
  else {
    const why = outcome.kind === 'refused' ? outcome.refusal.message : outcome.why;
    log.warn(`The compute service of ${host} could not be ${word}: ${why}; it is tried again.`, {
      host,
    });
  }
}

/** Asks once, whatever comes of it: the entry says so since before. */
async function switchOff(parts: SilenceParts, host: HostName): Promise<void> {
  const { switches, log } = parts;
  try {
    for (const one of switches) {
      if ((await one.objection(host)) !== null) continue;
      const outcome = await one.off(host);
      if (outcome.kind === 'applied') {
        log.warn(`${host} was switched off (${outcome.value.detail}).`, { host });
        await markProven(parts, host, outcome.value);
      } else {
        const failed = outcome.kind === 'refused';
        const why = failed ? outcome.refusal.message : outcome.why;
        await note(parts, host, failed ? why : `it may have been switched off (${why})`);
      }
      return;
    }
    await note(parts, host, 'nobody can switch it off any more');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    await note(parts, host, `the request failed (${why})`);
  }
}

/** How often a lost race for the board, or a mark that the store did not take, is run again. */
const RACES_MAX = 20;

/** Writes the answer into the entry, if that is still there. */
async function note(parts: SilenceParts, host: HostName, detail: string): Promise<void> {
  const { store, log } = parts;
  log.error(`${host} was not switched off: ${detail}. It is not tried again by itself.`, { host });
  for (let race = 0; race < RACES_MAX; race += 1) {
    const board = await store.switchboard();
    if (board.kind === 'unknown') return;
    const { version, switches, silent } = board.value;
    const next = silent.map((one: SilentHost) => (one.host === host ? answered(one, detail) : one));
    if (JSON.stringify(next) === JSON.stringify(silent)) return;
    const outcome = await store.setSwitchboard(version, { switches, silent: next });
    if (outcome.kind === 'applied') return;
  }
}

/**
 * Marks a host that is proven off and that nobody has marked: where the fence agent is no part of it, or
 * has failed. Fails silently: the next look finds the same proof.
 */
async function markProven(parts: SilenceParts, host: HostName, proof: FenceProof): Promise<void> {
  const { store, log, worker } = parts;
  const stored = await store.read(host);
  if (stored.kind === 'unknown') return;
  const record = stored.value?.evacuation;
  const isMarked =
    record !== undefined &&
    (record.phase !== 'closed' || record.mark.at >= proof.at - parts.policy().fence.skewMs);
  if (isMarked) return;
  const origin = proof.source === 'pacemaker' ? 'pacemaker' : 'fence-agent';
  const failure = { host, origin, by: worker, claim: proof, request: wholeHost } as const;
  const outcome = await markHost(parts, { ...failure, at: proof.at });
  if (outcome.kind === 'applied')
    log.warn(`${host} is marked as failed: it was switched off because its nova-compute died.`, {
      host,
    });
}
