import type { HostName } from '../../domain/ids.ts';
import { wholeHost } from '../../domain/mark.ts';
import { remedyOf, severityOf, type Reason } from '../../domain/reason.ts';
import {
  explainPlan,
  explainRecord,
  type Explanation,
  type InstanceExplanation,
} from '../../engine/explain.ts';
import { planHost } from '../../engine/plan-host.ts';
import { viewBoard } from './board.ts';
import { foldedColumns, printable } from './columns.ts';
import type { ExitName } from './exit.ts';
import { say, sayJson, tell, type Io } from './io.ts';
import { createPaint, type Paint } from './paint.ts';
import type { Doors, GlobalOptions, Parts } from './parts.ts';
import { loudestFirst, reasonJson, reasonText } from './refusal.ts';
import { enterCloud, storeTrouble, withParts } from './session.ts';
import { explainUnplanned, refuseUnknownHost } from './unknown-host.ts';

/** What is to be explained. */
export interface ExplainOptions {
  readonly host: HostName;
  /** One instance by id or name; all without it. */
  readonly instance: string | undefined;
  readonly json?: boolean;
}

/**
 * `explain HOST [INSTANCE]`: the rule, the observation and the decision behind each state. From the
 * record where there is one (the store alone is asked), else from a plan.
 */
export function explain(
  doors: Doors,
  global: GlobalOptions,
  io: Io,
  options: ExplainOptions,
): Promise<ExitName> {
  return withParts(doors, global, io, async (parts) => {
    const { host, instance: wanted } = options;
    const read = await parts.store.read(host);
    if (read.kind === 'unknown') return storeTrouble(parts, io, read.why);
    const found =
      read.value === null
        ? await fromPlan(parts, io, host)
        : explainRecord(read.value.evacuation, parts.policy, parts.clock.now());
    if (typeof found === 'string') return found;
    const chosen = found.instances.filter(
      ({ id, name }) => wanted === undefined || id === wanted || name === wanted,
    );
    if (wanted !== undefined && chosen.length === 0) {
      tell(
        io,
        `nova-ha: ${host} has no instance "${printable(wanted)}" (looked for by id and name among ${String(found.instances.length)}).`,
      );
      return 'refused';
    }
    const board = await viewBoard(parts, host);
    const shown = { ...found, reasons: merged(found, board.reasons), instances: chosen };
    if (options.json === true) sayJson(io, { ...explanationJson(shown), ...board.json });
    else print(io, shown, wanted !== undefined);
    return 'done';
  });
}

/** What is switched holds it too, whether or not a worker has come to say so; a plan says it itself. */
function merged({ from, reasons }: Explanation, switched: readonly Reason[]): readonly Reason[] {
  if (from === 'plan') return reasons;
  const said = new Set(reasons.map((reason) => JSON.stringify(reason)));
  return [...reasons, ...switched.filter((reason) => !said.has(JSON.stringify(reason)))];
}

async function fromPlan(parts: Parts, io: Io, host: HostName): Promise<Explanation | ExitName> {
  const cloud = await enterCloud(parts, io);
  if (cloud.kind === 'wrong') return cloud.exit;
  const { compute, images, capacity } = cloud;
  const { store, policy, clock } = parts;
  const plan = await planHost(
    { compute, images, capacity, store, policy, now: clock.now() },
    host,
    wholeHost,
  );
  if (plan.kind === 'unknown') return explainUnplanned(io, compute, host, plan.why);
  if (plan.value.service === null) return refuseUnknownHost(io, host, plan.value.hosts);
  return explainPlan(plan.value);
}

function print(io: Io, explanation: Explanation, detailed: boolean): void {
  const paint = createPaint(io);
  say(io, paint.strong(explanation.host));
  const facts = explanation.facts.map(([name, text]) => [
    { text: `  ${name}`, paint: paint.quiet },
    { text: printable(text) },
  ]);
  for (const line of foldedColumns(facts, widthOf(io))) say(io, line);
  for (const reason of loudestFirst(explanation.reasons)) {
    say(io, paint.severity(severityOf(reason), reasonText(reason)));
    say(io, paint.quiet(`  Remedy: ${remedyOf(reason)}`));
  }
  if (explanation.instances.length > 0) say(io, '');
  if (detailed) for (const one of explanation.instances) printOne(io, one, paint);
  else if (explanation.instances.length > 0)
    for (const line of table(io, explanation.instances, paint)) say(io, line);
}

function printOne(io: Io, one: InstanceExplanation, paint: Paint): void {
  say(io, `${paint.strong(printable(one.name))}  ${one.id}  ${one.state}`);
  const lines = [
    ['rule', one.rule],
    ['observation', one.observation],
    ['decision', one.decision],
    ['order', one.order ?? ''],
    ['room', one.room ?? ''],
    ['attempts', one.attempts === 0 ? '' : String(one.attempts)],
    ['remedy', one.remedy ?? ''],
  ] as const;
  const rows = lines
    .filter(([, text]) => text !== '')
    .map(([name, text]) => [{ text: `  ${name}`, paint: paint.quiet }, { text: printable(text) }]);
  for (const line of foldedColumns(rows, widthOf(io))) say(io, line);
}

function table(io: Io, instances: readonly InstanceExplanation[], paint: Paint): readonly string[] {
  const head = ['INSTANCE', 'STATE', 'RULE', 'OBSERVATION', 'DECISION'].map((text) => ({
    text,
    paint: paint.heading,
  }));
  const rows = instances.map(({ name, state, rule, observation, decision }) =>
    [name, state, rule, observation, decision].map((text) => ({ text: printable(text) })),
  );
  return foldedColumns([head, ...rows], widthOf(io));
}

const widthOf = (io: Io): number | null => (io.isTty ? io.size().columns : null);

const explanationJson = (explanation: Explanation): Readonly<Record<string, unknown>> => ({
  host: explanation.host,
  from: explanation.from,
  facts: Object.fromEntries(
    explanation.facts.map(([name, text]) => [name.replaceAll(' ', '_'), text]),
  ),
  reasons: explanation.reasons.map(reasonJson),
  instances: explanation.instances,
});
