import type { Policy } from '../../domain/policy.ts';
import { everyPolicy } from '../../domain/profile.ts';
import { because, remedyOf } from '../../domain/reason.ts';
import { mayStop } from '../../domain/states.ts';
import type { Compute } from '../../engine/ports.ts';
import { checkCluster } from '../pacemaker/check.ts';
import { viewBoard } from './board.ts';
import { printable } from './columns.ts';
import type { ExitName } from './exit.ts';
import { say, sayJson, type Io } from './io.ts';
import { createPaint } from './paint.ts';
import type { CloudProblem, Doors, GlobalOptions, Parts } from './parts.ts';
import { reasonText } from './refusal.ts';
import { withParts } from './session.ts';

interface Finding {
  readonly what: string;
  readonly problems: readonly CloudProblem[];
}

/** `doctor`: asks store, cloud and Pacemaker, and says what is wrong and how to mend it. */
export function doctor(
  doors: Doors,
  global: GlobalOptions,
  io: Io,
  options: { readonly json?: boolean },
): Promise<ExitName> {
  return withParts(doors, global, io, async (parts) => {
    const [store, switches, cloud, cluster] = await Promise.all([
      storeFinding(parts),
      switchFinding(parts),
      cloudFinding(parts),
      clusterFinding(parts),
    ]);
    // A store that is away has said all that there is to say about its switches.
    const findings = [store, ...(isFatal(store) ? [] : switches), cloud, ...cluster];
    const problems = findings.flatMap((finding) => finding.problems);
    const exit = problems.find(({ severity }) => severity === 'fatal')?.exit ?? 'done';
    if (options.json === true) {
      sayJson(io, { healthy: exit === 'done', findings });
      return exit;
    }
    const paint = createPaint(io);
    for (const { what, problems } of findings) {
      const wrong = isFatal({ problems });
      say(io, `${wrong ? paint.bad('wrong') : paint.good('ok   ')}  ${printable(what)}`);
      for (const { severity, message } of problems) {
        const text = `${severity === 'warning' ? 'warning: ' : ''}${printable(message)}`;
        say(io, `       ${severity === 'warning' ? text : paint.bad(text)}`);
      }
    }
    return exit;
  });
}

const isFatal = ({ problems }: Pick<Finding, 'problems'>): boolean =>
  problems.some(({ severity }) => severity === 'fatal');

async function storeFinding(parts: Parts): Promise<Finding> {
  const what = `store: ${parts.store.description}`;
  const message = await parts.store.check();
  if (message !== null)
    return { what, problems: [{ severity: 'fatal', exit: 'store-unreachable', message }] };
  const warnings = await parts.storeWarnings();
  return {
    what,
    problems: warnings.map((text) => ({ severity: 'warning', exit: 'done', message: text })),
  };
}

/** What an operator switched and perhaps forgot; nothing where nothing is on. */
async function switchFinding(parts: Parts): Promise<readonly Finding[]> {
  const { reasons, isKnown } = await viewBoard(parts);
  if (reasons.length === 0) return [];
  // Switches that cannot be read hold everything.
  const grave = isKnown
    ? ({ severity: 'warning', exit: 'done' } as const)
    : ({ severity: 'fatal', exit: 'store-unreachable' } as const);
  const problems = reasons.map((reason) => ({
    ...grave,
    message: `${reasonText(reason)}. Remedy: ${remedyOf(reason)}`,
  }));
  return [{ what: 'switches', problems }];
}

async function cloudFinding(parts: Parts): Promise<Finding> {
  const cloud = await parts.cloud();
  if (cloud.kind === 'wrong') {
    const { exit, message } = cloud;
    return { what: 'cloud', problems: [{ severity: 'fatal', exit, message }] };
  }
  const problems = await cloud.check();
  const more = problems.some(({ severity }) => severity === 'fatal')
    ? []
    : await lackOfStopped(cloud.compute, parts.policy);
  return { what: `cloud: ${cloud.description}`, problems: [...problems, ...more] };
}

/** Whether the policy wants instances left stopped, and the cloud cannot do that by itself. */
async function lackOfStopped(
  compute: Pick<Compute, 'canLeaveStopped'>,
  policy: Policy,
): Promise<readonly CloudProblem[]> {
  if (!everyPolicy(policy).some(mayStop)) return [];
  const can = await compute.canLeaveStopped();
  if (can.kind === 'unknown' || can.value) return [];
  const why = because('NH338', { what: 'instances' });
  const message = `${reasonText(why)}. Remedy: ${remedyOf(why)}`;
  return [{ severity: 'warning', exit: 'done', message }];
}

/** Nothing where Pacemaker is not asked anyhow. What is wrong about its configuration is its own command's. */
async function clusterFinding(parts: Parts): Promise<readonly Finding[]> {
  if (parts.lookout === null) return [];
  const what = 'Pacemaker';
  const found = await parts.cluster.configuration();
  if (found.kind === 'unknown') {
    // Tools without a cluster are nothing to complain about, unless somebody said that there is one.
    const severity = parts.config.settings['pacemaker.enabled'] === 'on' ? 'fatal' : 'warning';
    return [{ what, problems: [{ severity, exit: 'failed', message: found.why }] }];
  }
  const grave = checkCluster(found.value).filter(({ severity }) => severity !== 'slow');
  const [first] = grave;
  if (first === undefined) return [{ what, problems: [] }];
  const message = `${first.what}: ${first.consequence}${grave.length > 1 ? `; and ${String(grave.length - 1)} more` : ''}. See nova-ha pacemaker --check`;
  return [{ what, problems: [{ severity: 'warning', exit: 'done', message }] }];
}
