import { printable } from './columns.ts';
import type { ExitName } from './exit.ts';
import { say, sayJson, type Io } from './io.ts';
import { createPaint } from './paint.ts';
import type { CloudProblem, Doors, GlobalOptions, Parts } from './parts.ts';
import { withParts } from './session.ts';

interface Finding {
  readonly what: string;
  readonly problems: readonly CloudProblem[];
}

/** `doctor`: asks store and cloud, and says what is wrong and how to mend it. */
export function doctor(
  doors: Doors,
  global: GlobalOptions,
  io: Io,
  options: { readonly json?: boolean },
): Promise<ExitName> {
  return withParts(doors, global, io, async (parts) => {
    const findings = await Promise.all([storeFinding(parts), cloudFinding(parts)]);
    const problems = findings.flatMap((finding) => finding.problems);
    const exit = problems.find(({ severity }) => severity === 'fatal')?.exit ?? 'done';
    if (options.json === true) {
      sayJson(io, { healthy: exit === 'done', findings });
      return exit;
    }
    const paint = createPaint(io);
    for (const { what, problems } of findings) {
      const wrong = problems.some(({ severity }) => severity === 'fatal');
      say(io, `${wrong ? paint.bad('wrong') : paint.good('ok   ')}  ${printable(what)}`);
      for (const { severity, message } of problems) {
        const text = `${severity === 'warning' ? 'warning: ' : ''}${printable(message)}`;
        say(io, `       ${severity === 'warning' ? text : paint.bad(text)}`);
      }
    }
    return exit;
  });
}

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

async function cloudFinding(parts: Parts): Promise<Finding> {
  const cloud = await parts.cloud();
  if (cloud.kind === 'wrong') {
    const { exit, message } = cloud;
    return { what: 'cloud', problems: [{ severity: 'fatal', exit, message }] };
  }
  return { what: `cloud: ${cloud.description}`, problems: await cloud.check() };
}
