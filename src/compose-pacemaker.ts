import { hostname } from 'node:os';
import { createExec, type Exec } from './adapters/exec.ts';
import { createAdoption } from './adapters/pacemaker/adopt.ts';
import { createAttributes } from './adapters/pacemaker/attributes.ts';
import { createCib } from './adapters/pacemaker/cib.ts';
import { readConfiguration } from './adapters/pacemaker/configuration.ts';
import { createFailing } from './adapters/pacemaker/failing.ts';
import { createNodeFencing, type NodeFencing } from './adapters/pacemaker/fence-node.ts';
import { createFencingHistory } from './adapters/pacemaker/fencing-history.ts';
import { createMarkTable } from './adapters/pacemaker/mark-table.ts';
import { createMembership } from './adapters/pacemaker/membership.ts';
import { createPacemakerFencing } from './adapters/pacemaker/proof.ts';
import { createPresence } from './adapters/pacemaker/return.ts';
import { createFileStore } from './adapters/store/file.ts';
import { keeperOf } from './adapters/store/pacemaker-keeper.ts';
import { createPacemakerStore } from './adapters/store/pacemaker.ts';
import type { ClusterConfiguration } from './domain/cluster.ts';
import type { Known } from './domain/known.ts';
import type { Clock, Fencing, Lookout, Store } from './engine/ports.ts';

/** What this machine's Pacemaker gives us: the names map is the operator's (node by Nova host). */
export interface PacemakerParts {
  readonly fencing: Fencing;
  readonly lookout: Lookout;
  readonly presence: ReturnType<typeof createPresence>;
  readonly switchOff: NodeFencing;
  configuration(): Promise<Known<ClusterConfiguration>>;
}

/** The parts that read Pacemaker's state; nothing is asked before it is used. */
export function composePacemaker(options: {
  readonly clock: Clock;
  readonly skewMs: number;
  readonly nodes: Readonly<Record<string, string>>;
  /** Nova's service hosts, so that no node is taken for two of them. */
  readonly hosts: () => Promise<Known<readonly string[]>>;
  readonly exec?: Exec;
}): PacemakerParts {
  const { clock, skewMs, nodes, hosts, exec = createExec() } = options;
  const now = (): number => clock.now();
  const tools = { exec, now };
  const cib = createCib(tools);
  const history = createFencingHistory(tools);
  const attributes = createAttributes(tools);
  return {
    fencing: createPacemakerFencing({ cib, history, now, skewMs, nodes, hosts }),
    lookout: {
      unmarked: createAdoption({ cib, history, attributes, now, skewMs, nodes }),
      failing: createFailing({ exec, now, nodes }),
    },
    presence: createPresence({ cib, now, nodes }),
    switchOff: createNodeFencing({ exec, cib, history, now, skewMs, hosts, nodes }),
    configuration: () => readConfiguration(cib),
  };
}

/**
 * The pacemaker store with its progress in `directory`. Where that cannot be written a host can still be
 * marked, for which the cluster is enough; a worker gets no lease there.
 */
export async function composePacemakerStore(options: {
  readonly directory: string;
  readonly clock: Clock;
  readonly warn: (sentence: string) => void;
  readonly exec?: Exec;
}): Promise<Store> {
  const { directory, clock, warn, exec = createExec() } = options;
  const tools = { exec, now: () => clock.now() };
  const keeper = await keeperOf(directory).catch((error: unknown) => {
    warn(`${directory} cannot be used: ${error instanceof Error ? error.message : String(error)}`);
    return `${hostname()} without a directory`;
  });
  const shared = { cib: createCib(tools), membership: createMembership(tools) };
  return createPacemakerStore({
    table: createMarkTable(shared),
    switches: createMarkTable({ ...shared, prefix: 'switch-' }),
    attributes: createAttributes(tools),
    files: createFileStore({ directory, clock, warn }),
    keeper,
    clock,
  });
}
