import { hostname } from 'node:os';
import { runAgentProcess } from './adapters/agent-process.ts';
import { createClusterGlance } from './adapters/cluster-glance.ts';
import { createDaemons } from './adapters/daemons.ts';
import { createExec } from './adapters/exec.ts';
import { createFlagFiles } from './adapters/run-directory.ts';
import { createSystemChance, createSystemClock } from './adapters/system.ts';
import type * as heavyParts from './compose-agent-parts.ts';
import { wholeHost } from './domain/mark.ts';
import { applied, refused } from './domain/outcome.ts';
import { sentenceOf } from './domain/reason.ts';
import { isolateHost, settled } from './engine/isolate-host.ts';
import { markHost, unmarkHost } from './engine/mark-host.ts';
import type { Clock } from './engine/ports.ts';
import type { AgentDeps, UseCases } from './surfaces/agent-parts.ts';
import type { Opened } from './surfaces/agent-settings.ts';
import { runFenceAgent } from './surfaces/fence/agent.ts';
import type { AgentName } from './surfaces/fence/option.ts';
import { runComputeWaitAgent } from './surfaces/ocf/compute-wait-agent.ts';
import { runEvacuateAgent } from './surfaces/ocf/evacuate-agent.ts';
import { VERSION } from './version.ts';

/**
 * Opens a part of which the libraries take longer to load than everything else together: configuration,
 * store and OpenStack are in a file of their own beside the agents, which an incomplete installation
 * may lack.
 */
async function openHeavy<T>(
  open: (parts: typeof heavyParts) => Promise<Opened<T>>,
): Promise<Opened<T>> {
  let parts: typeof heavyParts;
  try {
    parts = await import('./compose-agent-parts.ts');
  } catch (error) {
    const [why = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    return {
      kind: 'error',
      message: `the agent is not installed as a whole (${why}): link to it instead of copying it, or copy agent-parts.cjs too.`,
    };
  }
  return open(parts);
}

/** Runs a fence agent as this process. */
export function runFence(agent: AgentName): void {
  runAgentProcess(agent, (io) => runFenceAgent(agent, io, agentDeps(createSystemClock())));
}

/** Runs ocf:nova-ha:NovaEvacuate as this process. */
export function runNovaEvacuate(): void {
  const daemons = createDaemons();
  runAgentProcess('NovaEvacuate', (io) =>
    runEvacuateAgent(io, { ...agentDeps(createSystemClock()), daemons }),
  );
}

/** Runs ocf:nova-ha:NovaComputeWait as this process. */
export function runNovaComputeWait(): void {
  const flags = createFlagFiles();
  runAgentProcess('NovaComputeWait', (io) =>
    runComputeWaitAgent(io, { ...agentDeps(createSystemClock()), flags }),
  );
}

function agentDeps(clock: Clock): AgentDeps {
  return {
    version: VERSION,
    machine: hostname(),
    clock,
    useCases: useCases(clock),
    cluster: createClusterGlance(createExec()),
    openStore: (settings, log) => openHeavy((parts) => parts.openAgentStore(settings, clock, log)),
    openCloud: (settings, log) => openHeavy((parts) => parts.openAgentCloud(settings, clock, log)),
  };
}

function useCases(clock: Clock): UseCases {
  const chance = createSystemChance();
  return {
    mark: (store, { host, by, at, detail }, log) =>
      markHost(
        { store, clock, chance, log },
        {
          host,
          origin: 'fence-agent',
          by,
          claim: { source: 'mark', at, detail },
          request: wholeHost,
        },
      ),
    unmark: async (store, host, by, log) => {
      const outcome = await unmarkHost({ store, clock, chance, log }, { host, by });
      if (outcome.kind === 'done') return applied(null);
      return outcome.kind === 'refused'
        ? refused('wrong-state', sentenceOf(outcome.why))
        : refused('not-sent', outcome.why);
    },
    isolate: (store, { compute, policy }, host) =>
      isolateHost({ store, compute, clock, policy }, host),
    settled,
  };
}
