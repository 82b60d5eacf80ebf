/**
 * What `nova-ha plan HOST --json` foretells.
 */
import * as v from 'valibot';
import type { Crew } from './crew.ts';

const reason = v.object({ code: v.string(), sentence: v.string() });
const row = v.object({
  id: v.string(),
  name: v.string(),
  verdict: v.picklist(['evacuate', 'skip']),
  why: v.nullable(reason),
  by: v.nullable(v.string()),
  notes: v.array(reason),
  room: v.nullable(v.string()),
});
const plan = v.object({
  groups: v.array(v.object({ name: v.string(), members: v.number() })),
  room: v.nullable(v.looseObject({ known: v.boolean() })),
  reserve: v.nullable(reason),
  instances: v.array(row),
});

/** One instance of a plan. */
export type PlannedRow = v.InferOutput<typeof row>;

/** The plan for a host; rejects with what the command says when it makes none. */
export async function planOf(crew: Crew, host: string): Promise<v.InferOutput<typeof plan>> {
  const { code, out, err } = await crew.command('plan', host, '--json');
  if (code !== 0) throw new Error(`nova-ha plan ${host} ended with ${String(code)}: ${err}`);
  return v.parse(plan, JSON.parse(out));
}
