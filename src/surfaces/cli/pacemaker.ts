import { DEFAULT_FILE } from '../../config/load.ts';
import type { ClusterConfiguration } from '../../domain/cluster.ts';
import { checkCluster } from '../pacemaker/check.ts';
import { commandsFor, wishFrom, type Dialect } from '../pacemaker/commands.ts';
import type { Difference } from '../pacemaker/difference.ts';
import { rolesOf, type Roles } from '../pacemaker/wanted.ts';
import { printable } from './columns.ts';
import type { ExitName } from './exit.ts';
import { say, sayJson, tell, type Io } from './io.ts';
import { createPaint } from './paint.ts';
import type { Doors, GlobalOptions } from './parts.ts';
import { withParts } from './session.ts';

/** The options of `pacemaker`. */
export interface PacemakerOptions {
  readonly pcs?: boolean;
  readonly crm?: boolean;
  readonly check?: boolean;
  readonly controller?: readonly string[];
  readonly json?: boolean;
}

/**
 * `pacemaker`: prints the commands that configure a cluster for evacuations, or compares a running
 * cluster with what is needed. Changes nothing.
 */
export function pacemaker(
  doors: Doors,
  global: GlobalOptions,
  io: Io,
  nodes: readonly string[],
  options: PacemakerOptions,
): Promise<ExitName> {
  return withParts(doors, global, io, async ({ cluster, config }) => {
    const found = await cluster.configuration();
    if (options.check === true) {
      if (found.kind === 'known') return check(io, found.value, given(nodes, options), options);
      tell(io, `nova-ha: there is no cluster to be checked: ${printable(found.why)}`);
      return 'failed';
    }
    const there = found.kind === 'known' ? found.value : NO_CLUSTER;
    const roles = rolesFrom(there, given(nodes, options));
    if (roles.controllers.length === 0 || roles.computes.length === 0) {
      const why = found.kind === 'known' ? 'it has no remote nodes yet' : found.why;
      tell(
        io,
        `nova-ha: the cluster cannot be asked for all nodes (${printable(why)}); name them: nova-ha pacemaker --controller CONTROLLER COMPUTE-NODE…`,
      );
      return 'usage';
    }
    const dialect = dialectOf(options) ?? cluster.dialect;
    const choice = { dialect, config: config.file ?? DEFAULT_FILE, roles };
    io.out(commandsFor(wishFrom(there, choice)));
    return 'done';
  });
}

function dialectOf({ pcs, crm }: PacemakerOptions): Dialect | null {
  if (pcs === true) return 'pcs';
  return crm === true ? 'crm' : null;
}

const given = (nodes: readonly string[], { controller }: PacemakerOptions): Roles => ({
  controllers: controller ?? [],
  computes: nodes,
});

/** The nodes that were named, else those of the cluster. */
function rolesFrom(cluster: ClusterConfiguration, named: Roles): Roles {
  const found = rolesOf(cluster);
  return {
    controllers: named.controllers.length > 0 ? named.controllers : found.controllers,
    computes: named.computes.length > 0 ? named.computes : found.computes,
  };
}

const NO_CLUSTER: ClusterConfiguration = {
  members: [],
  remotes: [],
  devices: [],
  levels: [],
  resources: [],
  fencingEnabled: false,
  fencingTimeoutMs: 0,
  recheckMs: 0,
};

const GRAVITY = { unsafe: 0, broken: 1, slow: 2 } as const;

function check(
  io: Io,
  cluster: ClusterConfiguration,
  named: Roles,
  { json }: PacemakerOptions,
): ExitName {
  const differences = [...checkCluster(cluster, rolesFrom(cluster, named))].sort(
    (a, b) => GRAVITY[a.severity] - GRAVITY[b.severity],
  );
  // What only takes longer is no failure.
  const exit = differences.every(({ severity }) => severity === 'slow') ? 'done' : 'failed';
  if (json === true) sayJson(io, { sound: exit === 'done', differences });
  else print(io, differences);
  return exit;
}

function print(io: Io, differences: readonly Difference[]): void {
  const paint = createPaint(io);
  if (differences.length === 0) say(io, paint.good('The cluster is configured as it should be.'));
  for (const { severity, what, consequence, remedy } of differences) {
    const word = severity.padEnd(6);
    say(io, `${severity === 'slow' ? paint.busy(word) : paint.bad(word)}  ${printable(what)}`);
    say(io, `        Consequence: ${printable(consequence)}`);
    say(io, paint.quiet(`        Remedy: ${printable(remedy)}`));
  }
}
