/**
 * The adapters as they would run on one controller of the real cluster.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Exec } from '../../../src/adapters/exec.ts';
import { createAttributes, type Attributes } from '../../../src/adapters/pacemaker/attributes.ts';
import { createCib, type Cib } from '../../../src/adapters/pacemaker/cib.ts';
import {
  createFencingHistory,
  type FencingHistory,
} from '../../../src/adapters/pacemaker/fencing-history.ts';
import { createMarkTable, type MarkTable } from '../../../src/adapters/pacemaker/mark-table.ts';
import { createMembership } from '../../../src/adapters/pacemaker/membership.ts';
import { createFileStore } from '../../../src/adapters/store/file.ts';
import { createPacemakerStore } from '../../../src/adapters/store/pacemaker.ts';
import { createSystemClock } from '../../../src/adapters/system.ts';
import type { Store } from '../../../src/engine/ports.ts';
import { run } from './command.ts';

const SCRIPT = fileURLToPath(new URL('../cluster', import.meta.url));

/** Runs commands inside a node. One that is powered off starts nothing. */
export const execIn =
  (node: string): Exec =>
  async ({ program, args, stdin, timeoutMs }) => {
    const result = await run({
      file: SCRIPT,
      args: ['exec', node, 'timeout', '-s', 'KILL', String(timeoutMs / 1000), program, ...args],
      ...(stdin === undefined ? {} : { stdin }),
    });
    if (result.code === 125) return { kind: 'not-started', why: `${node} is powered off` };
    // 137: killed, by `timeout` or together with its node.
    if (result.code === 137) return { kind: 'uncertain', why: `${program} was killed` };
    return { kind: 'exited', code: result.code, stdout: result.stdout, stderr: result.stderr };
  };

/** What nova-ha on one controller consists of, as far as it talks to Pacemaker. */
export interface Member {
  readonly node: string;
  readonly cib: Cib;
  readonly history: FencingHistory;
  readonly attributes: Attributes;
  readonly table: MarkTable;
  readonly store: Store;
  close(): Promise<void>;
}

/** The adapters of one controller, with a directory of its own. */
export async function createMember(node: string): Promise<Member> {
  const clock = createSystemClock();
  const deps = { exec: execIn(node), now: () => clock.now(), timeoutMs: 8000 };
  const directory = await mkdtemp(join(tmpdir(), `nova-ha-${node}-`));
  const cib = createCib(deps);
  const attributes = createAttributes(deps);
  const shared = { cib, membership: createMembership(deps) };
  const table = createMarkTable(shared);
  const switches = createMarkTable({ ...shared, prefix: 'switch-' });
  const files = createFileStore({ directory, clock });
  const keeper = `${node}-test`;
  const store = createPacemakerStore({ table, switches, attributes, files, keeper, clock });
  return {
    node,
    cib,
    history: createFencingHistory(deps),
    attributes,
    table,
    store,
    close: async () => {
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
