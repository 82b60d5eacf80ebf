import { unknown, type Known } from '../../domain/known.ts';
import type { Fleet } from '../../domain/host.ts';
import type { Log, Store } from '../../engine/ports.ts';
import type { AgentDeps, Cloud } from '../agent-parts.ts';
import type { Opened } from '../agent-settings.ts';
import type { AgentName } from './option.ts';
import type { FenceRequest } from './request.ts';

/** One call of a fence agent: what is wanted, and the parts, each opened at most once. */
export interface Call {
  readonly agent: AgentName;
  readonly request: FenceRequest;
  readonly deps: AgentDeps;
  readonly log: Log;
  /** Opens the store; tried anew as long as it fails (the configuration may be mended meanwhile). */
  store(): Promise<Opened<Store>>;
  cloud(): Promise<Opened<Cloud>>;
  /** Reads Nova's services, once. */
  fleet(): Promise<Known<Fleet>>;
  out(text: string): void;
  close(): Promise<void>;
}

/** Binds a request to its parts. */
export function createCall(
  agent: AgentName,
  request: FenceRequest,
  deps: AgentDeps,
  log: Log,
  out: (text: string) => void,
): Call {
  let store: Promise<Opened<Store>> | null = null;
  let cloud: Promise<Opened<Cloud>> | null = null;
  let fleet: Promise<Known<Fleet>> | null = null;
  const call: Call = {
    agent,
    request,
    deps,
    log,
    out,
    async store() {
      store ??= deps.openStore(request.settings, log);
      const opened = await store;
      if (opened.kind === 'error') store = null;
      return opened;
    },
    cloud: () => (cloud ??= deps.openCloud(request.settings, log)),
    fleet: () => (fleet ??= readFleet(call)),
    async close() {
      const [openStore, openCloud] = await Promise.all([store, cloud]);
      if (openStore?.kind === 'ok') await openStore.value.close();
      if (openCloud?.kind === 'ok') await openCloud.value.close();
    },
  };
  return call;
}

async function readFleet(call: Call): Promise<Known<Fleet>> {
  const cloud = await call.cloud();
  return cloud.kind === 'ok' ? cloud.value.fleet() : unknown(cloud.message);
}
