import { tracked } from '../../../src/domain/evacuation.ts';
import type { Stage } from './story.ts';

/** How a story ended: the hosts, and where every instance is and runs. */
export async function finalTable({ cloud, universe }: Stage): Promise<readonly string[]> {
  const hosts: string[][] = [];
  const told = new Map<string, string>();
  for (const host of cloud.hosts()) {
    const record = await universe.record(host.name);
    for (const [id, { progress }] of record === null ? [] : tracked(record.evacuation)) {
      told.set(
        id,
        'why' in progress && progress.why !== null
          ? `${progress.at} ${progress.why.code}`
          : progress.at,
      );
    }
    const service = [
      host.disabled ? 'disabled' : 'enabled',
      ...(host.forcedDown ? ['forced down'] : []),
    ].join(', ');
    const reason = host.disabledReason === null ? '' : `"${host.disabledReason}"`;
    hosts.push([host.name, host.machine, service, record?.evacuation.phase ?? '-', reason]);
  }
  const instances = [...cloud.world.instances.byId.values()].map((one) => [
    one.name,
    one.deleted ? 'deleted' : (one.host?.name ?? '-'),
    one.vmState,
    one.runsOn.length === 0
      ? 'not running'
      : `runs on ${one.runsOn.map(({ name }) => name).join(' and ')}`,
    told.get(one.id) ?? '-',
  ]);
  return [
    ...columns([['HOST', 'MACHINE', 'SERVICE', 'RECORD', 'REASON'], ...hosts]),
    '',
    ...columns([['INSTANCE', 'HOST', 'STATE', 'GUEST', 'PROGRESS'], ...instances]),
  ];
}

function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
