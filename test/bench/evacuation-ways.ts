import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import type { Cloud } from '../stack/harness/cloud.ts';
import { must } from '../stack/harness/command.ts';
import { createCrew } from '../stack/harness/crew.ts';
import { waitFor } from '../stack/harness/wait.ts';

/** Longer than any of them needs. */
const PATIENCE_MS = 900_000;
const PYTHON = '/usr/bin/python3';

/** One way to empty a host whose power is off. */
export interface Way {
  readonly name: string;
  /**
   * Resolves when it has nothing left to ask for. What must be there before a host fails, a worker that
   * waits for marks, is set up first; then it tells that it begins.
   */
  evacuate(cloud: Cloud, host: string, ids: readonly string[], begins: () => void): Promise<void>;
}

const IN_FLIGHT = DEFAULT_POLICY.pace.inFlight;

/** Ours; what it is measured by; the tools that OpenStack and Debian's fence-agents bring. */
export const WAYS: readonly Way[] = [
  { name: 'nova-ha', evacuate: ours },
  ideal(IN_FLIGHT),
  ideal(5),
  { name: 'nova host-evacuate', evacuate: hostEvacuate },
  { name: 'fence_evacuate, patched', evacuate: fenceEvacuate },
];

/** The row that ours is compared with: as many in flight, and nothing else to do. */
export const YARDSTICK = ideal(IN_FLIGHT).name;

/** From the start of fence_nova to the end, with a worker that was waiting and all defaults. */
async function ours(
  cloud: Cloud,
  host: string,
  _ids: readonly string[],
  begins: () => void,
): Promise<void> {
  const crew = await createCrew(cloud, { waits: 'default', env: { NOVA_HA_LOG_LEVEL: 'info' } });
  try {
    await crew.worker();
    begins();
    const { code, err } = await crew.fence('off', host);
    if (code !== 0) throw new Error(err);
    await crew.settled(host, PATIENCE_MS);
  } finally {
    await crew.stop();
  }
}

/**
 * Sends the next one when one is done. It reads that in Nova's database, so that it costs the API
 * nothing but the requests themselves, which no real client could do.
 */
function ideal(limit: number): Way {
  const evacuate: Way['evacuate'] = async (cloud, host, ids, begins) => {
    begins();
    await isolate(cloud, host);
    const waiting = [...ids];
    const fill = async (): Promise<boolean> => {
      const next = waiting.splice(0, Math.max(0, limit - (await underWay(cloud, host))));
      await Promise.all(next.map((id) => cloud.nova.evacuate(id)));
      return waiting.length === 0;
    };
    await waitFor(fill, { what: 'all sent', timeoutMs: PATIENCE_MS, everyMs: 100 });
  };
  return { name: `ideal client, ${String(limit)} in flight`, evacuate };
}

async function underWay(cloud: Cloud, host: string): Promise<number> {
  const rows = `source_compute = '${host}' and status in ('accepted', 'pre-migrating')`;
  const query = `select count(*) from nova_cell1.migrations where ${rows}`;
  const socket = join(cloud.directory, 'run', 'mysql.sock');
  const sign = ['--no-defaults', '-u', 'root', '-S', socket, '-N', '-e', query];
  return Number(await must({ file: '/usr/bin/mariadb', args: sign }));
}

async function hostEvacuate(
  cloud: Cloud,
  host: string,
  _ids: readonly string[],
  begins: () => void,
): Promise<void> {
  begins();
  await isolate(cloud, host);
  await must({ file: '/usr/bin/nova', args: ['host-evacuate', host], env: cloud.env() });
}

/** With the one word that Python 3.11 no longer has; as shipped it ends with an AttributeError. */
async function fenceEvacuate(
  cloud: Cloud,
  host: string,
  _ids: readonly string[],
  begins: () => void,
): Promise<void> {
  begins();
  await isolate(cloud, host);
  const { authUrl, username, password, project } = cloud.nova.access;
  const directory = await mkdtemp(join(tmpdir(), 'nova-ha-bench-'));
  try {
    const copy = join(directory, 'fence_evacuate');
    const shipped = await readFile('/usr/sbin/fence_evacuate', 'utf8');
    await writeFile(copy, shipped.replace('inspect.getargspec', 'inspect.getfullargspec'));
    await chmod(copy, 0o700);
    const sign = ['-k', authUrl, '-l', username, '-p', password, '-t', project];
    const where = ['--region-name=RegionOne', '--endpoint-type=publicURL', '-o', 'off', '-n', host];
    await must({ file: PYTHON, args: [copy, ...sign, ...where] });
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function isolate(cloud: Cloud, host: string): Promise<void> {
  const change = { forced_down: true, status: 'disabled', disabled_reason: 'bench' };
  const { status } = await cloud.nova.setService(host, change);
  if (status !== 200) throw new Error(`force-down: ${String(status)}`);
}
