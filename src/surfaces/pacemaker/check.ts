import type { ClusterConfiguration } from '../../domain/cluster.ts';
import { formatMillis } from '../../domain/time.ts';
import { checkLevels } from './check-levels.ts';
import type { Difference } from './difference.ts';
import { actsOn, isMarking, MARKING_AGENTS, rolesOf, WANTED, type Roles } from './wanted.ts';

/**
 * Compares a cluster's configuration with what is needed. The consequences are those of Pacemaker
 * 2.1, as seen on a real cluster. Nothing is changed.
 */
export function checkCluster(
  cluster: ClusterConfiguration,
  roles: Roles = rolesOf(cluster),
): readonly Difference[] {
  return [
    ...checkFencing(cluster, roles),
    ...checkLevels(cluster, roles),
    ...checkUnfencing(cluster, roles),
    ...checkRemotes(cluster, roles),
    ...checkWorker(cluster),
    ...checkTimes(cluster),
  ];
}

function checkFencing(cluster: ClusterConfiguration, roles: Roles): readonly Difference[] {
  const found: Difference[] = [];
  if (!cluster.fencingEnabled) {
    found.push({
      severity: 'broken',
      what: 'stonith-enabled is false',
      consequence: 'Pacemaker fences nobody, so no failed host is ever marked or proven off',
      remedy: 'set it to true',
    });
  }
  for (const { id, plug, nodes } of cluster.devices) {
    if (plug === null || nodes?.length === 1) continue;
    found.push({
      severity: 'unsafe',
      what: `${id} acts on ${plug} whichever of its nodes is fenced`,
      consequence: `Pacemaker takes another node for fenced that still runs its guests: they would run twice`,
      remedy: `take plug out of ${id} (pcmk_host_map maps names), or give each node a device of its own`,
    });
  }
  const marking = cluster.devices.filter(isMarking);
  if (marking.length === 0) {
    found.push({
      severity: 'broken',
      what: `no fencing device uses ${MARKING_AGENTS.join(' or ')}`,
      consequence: 'a fenced host is not marked at once; the worker only finds it by itself later',
      remedy: `create ${WANTED.device}`,
    });
  }
  for (const node of roles.computes) {
    if (marking.length === 0 || marking.some((device) => actsOn(device, node))) continue;
    found.push({
      severity: 'broken',
      what: `no marking device names ${node} in pcmk_host_list or pcmk_host_map`,
      consequence: `when ${node} fails, its topology level cannot be carried out and it stays UNCLEAN`,
      remedy: `add ${node} to pcmk_host_list of ${marking[0]?.id ?? WANTED.device}`,
    });
  }
  return found;
}

function checkUnfencing(cluster: ClusterConfiguration, roles: Roles): readonly Difference[] {
  const found: Difference[] = [];
  const marking = cluster.devices.filter(isMarking);
  const provided = marking.some(({ providesUnfencing }) => providesUnfencing);
  const trigger = cluster.resources.find(({ requires }) => requires === 'unfencing');
  if (marking.length > 0 && !provided) {
    found.push({
      severity: 'broken',
      what: `${marking[0]?.id ?? WANTED.device} has no meta attribute provides=unfencing`,
      consequence:
        trigger === undefined
          ? 'it is never asked to switch a node on: nothing holds nova-compute back until the evacuation is settled'
          : 'only the resource that requires unfencing brings it about; without that one nothing does',
      remedy: `meta provides=unfencing`,
    });
  }
  if (trigger?.cloned !== true) {
    found.push({
      severity: 'broken',
      what: 'no cloned resource requires unfencing',
      consequence: 'a node that comes back need not wait for its evacuation to be settled',
      remedy: `create ${WANTED.trigger} (ocf:pacemaker:Dummy, meta requires=unfencing) as a clone`,
    });
  }
  if (!provided && trigger === undefined) return found;
  for (const node of roles.controllers) {
    const device = cluster.devices.find((one) => !isMarking(one) && actsOn(one, node));
    if (device !== undefined) continue;
    found.push({
      severity: 'broken',
      what: `${node} has no fencing device of its own`,
      consequence: `with unfencing every node must be switched on before it may run anything: nothing starts on ${node}, not even the worker`,
      remedy: `give ${node} a power device with pcmk_host_list=${node}`,
    });
  }
  return found;
}

function checkRemotes(cluster: ClusterConfiguration, roles: Roles): readonly Difference[] {
  return cluster.resources
    .filter(({ id, agent }) => agent === 'ocf:pacemaker:remote' && roles.computes.includes(id))
    .flatMap(({ id, monitorMs, reconnectMs }) => {
      const found: Difference[] = [];
      if (monitorMs === null) {
        found.push({
          severity: 'broken',
          what: `${id} has no recurring monitor`,
          consequence: `a cut network is not noticed, and ${id} is not fenced`,
          remedy: 'op monitor interval=20s timeout=30s',
        });
      }
      if (reconnectMs === null || reconnectMs === 0) {
        found.push({
          severity: 'slow',
          what: `${id} has no reconnect_interval`,
          consequence: `after its fencing ${id} is tried to be reached at once, and with its failure the connection may stay stopped`,
          remedy: 'reconnect_interval=60s',
        });
      }
      return found;
    });
}

function checkWorker(cluster: ClusterConfiguration): readonly Difference[] {
  const workers = cluster.resources.filter(({ agent }) => agent.endsWith(':NovaEvacuate'));
  const [worker, second] = workers;
  if (worker === undefined) {
    return [
      {
        severity: 'broken',
        what: `no resource ${WANTED.evacuatorAgent}`,
        consequence:
          'unless the worker runs as a service (systemd, containers), marked hosts are not evacuated',
        remedy: `create ${WANTED.evacuator}`,
      },
    ];
  }
  const found: Difference[] = [];
  if (worker.agent !== WANTED.evacuatorAgent) {
    found.push({
      severity: 'broken',
      what: `${worker.id} uses ${worker.agent}`,
      consequence: 'that agent evacuates by itself, beside our worker: guests may be sent twice',
      remedy: `replace it by ${WANTED.evacuatorAgent}, with the same parameters`,
    });
  }
  if (second !== undefined || worker.cloned) {
    found.push({
      severity: 'unsafe',
      what: `several workers are configured (${workers.map(({ id }) => id).join(', ')}${worker.cloned ? ', cloned' : ''})`,
      consequence: 'the pacemaker store relies on a single one; others refuse to work',
      remedy: 'keep one, not cloned',
    });
  }
  if (!worker.located) {
    found.push({
      severity: 'broken',
      what: `${worker.id} has no location constraint`,
      consequence: 'it may be started on a compute host, where the cluster cannot be asked',
      remedy: `a rule that keeps it on the controllers: ${WANTED.role} eq controller`,
    });
  }
  if ((worker.failureTimeoutMs ?? 0) === 0) {
    found.push({
      severity: 'broken',
      what: `${worker.id} has no failure-timeout`,
      consequence:
        'a worker that could not start on any controller, as with a wrong configuration, stays stopped until a human cleans up, though it be mended meanwhile',
      remedy: `meta failure-timeout=${WANTED.failureTimeout}`,
    });
  }
  if (worker.monitorMs === null) {
    found.push({
      severity: 'broken',
      what: `${worker.id} has no recurring monitor`,
      consequence: 'a worker that died or hangs is not started again',
      remedy: 'op monitor interval=10s timeout=600s',
    });
  }
  return found;
}

function checkTimes(cluster: ClusterConfiguration): readonly Difference[] {
  const found: Difference[] = [];
  const marking = cluster.devices.find(isMarking);
  const timeoutMs = marking?.offTimeoutMs ?? cluster.fencingTimeoutMs;
  if (marking !== undefined && timeoutMs < WANTED.fencingTimeoutMs) {
    found.push({
      severity: 'slow',
      what: `${marking.id} has ${formatMillis(timeoutMs)} for its off`,
      consequence:
        'it is killed while it waits for a store that is away for a moment, and fencing fails',
      remedy: `stonith-timeout (or pcmk_off_timeout) of at least ${formatMillis(WANTED.fencingTimeoutMs)}`,
    });
  }
  if (cluster.recheckMs > WANTED.recheckMs) {
    found.push({
      severity: 'slow',
      what: `cluster-recheck-interval is ${formatMillis(cluster.recheckMs)}`,
      consequence: 'after ten failed tries to fence a host Pacemaker pauses for so long',
      remedy: 'cluster-recheck-interval=1min',
    });
  }
  return found;
}
