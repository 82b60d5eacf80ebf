import { asHost, type HostName } from '../../domain/ids.ts';
import { known, unknown, type Known } from '../../domain/known.ts';
import type { Instant } from '../../domain/time.ts';
import type { Exec } from '../exec.ts';
import { hostOf } from './nodes.ts';
import { EXIT, noAnswer, TOOL_TIMEOUT_MS, type ToolOptions } from './tools.ts';
import { findAll, parseXml } from './xml.ts';

/**
 * Hosts whose remote node is `unclean`: lost, and their fencing has not ended, so that a mark is to be
 * expected within seconds. From `crm_mon`: a node that was stopped on purpose is offline there too,
 * but clean, which `node_state` does not tell apart.
 */
export function createFailing(
  deps: {
    readonly exec: Exec;
    readonly now: () => Instant;
    readonly nodes?: Readonly<Record<string, string>>;
  } & ToolOptions,
): (hosts: readonly HostName[]) => Promise<Known<readonly HostName[]>> {
  const { exec, now, timeoutMs = TOOL_TIMEOUT_MS } = deps;
  const explicit = deps.nodes === undefined ? {} : { explicit: deps.nodes };
  return async (hosts) => {
    const at = now();
    const outcome = await exec({ program: 'crm_mon', args: ['-1', '--output-as=xml'], timeoutMs });
    if (outcome.kind !== 'exited' || outcome.code !== EXIT.ok) return noAnswer('crm_mon', outcome);
    const root = parseXml(outcome.stdout);
    if (root?.name !== 'pacemaker-result') {
      return unknown('crm_mon answered with something that is no result of Pacemaker');
    }
    const remotes = findAll(root, 'node').filter(
      ({ attributes }) => attributes['type'] === 'remote',
    );
    const nodes = remotes.flatMap(({ attributes }) => attributes['name'] ?? []);
    const failing = remotes
      .filter(({ attributes }) => attributes['unclean'] === 'true')
      .flatMap(({ attributes }) => {
        const match = hostOf(attributes['name'] ?? '', { nodes, hosts, ...explicit });
        return match.kind === 'found' ? [asHost(match.name)] : [];
      });
    return known(failing, at);
  };
}
