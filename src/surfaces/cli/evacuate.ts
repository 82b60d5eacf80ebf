import { isActive } from '../../domain/evacuation.ts';
import { asEvent, type HostName } from '../../domain/ids.ts';
import { covers, type FenceProof, type Mark, type Request } from '../../domain/mark.ts';
import { because } from '../../domain/reason.ts';
import { strangersTo, viewHost } from '../../engine/plan-host.ts';
import type { Compute } from '../../engine/ports.ts';
import type { ExitName } from './exit.ts';
import { fenceMarked, findSwitches } from './fence.ts';
import { tell, type Io } from './io.ts';
import { setMark } from './mark.ts';
import { operatorOf, operatorsWord } from './operator.ts';
import type { SwitchOff } from '../../engine/ports.ts';
import type { Doors, GlobalOptions, Parts } from './parts.ts';
import { plan, requestOf } from './plan.ts';
import type { EvacuateOptions } from './program.ts';
import { refuse } from './refusal.ts';
import { enterCloud, storeTrouble, withParts } from './session.ts';
import { explainUnplanned, refuseUnknownHost } from './unknown-host.ts';
import { followEvacuation } from './follow.ts';

/**
 * `evacuate`: looks whether it is safe, marks the host, sees to it that a worker is at work, and
 * watches. Everything after the mark is durable in the store: this process may go away at any time.
 */
export function evacuate(
  doors: Doors,
  global: GlobalOptions,
  io: Io,
  host: HostName,
  options: EvacuateOptions,
): Promise<ExitName> {
  if (options.dryRun === true) return plan(doors, global, io, host, options);
  return withParts(doors, global, io, async (parts) => {
    const cloud = await enterCloud(parts, io);
    if (cloud.kind === 'wrong') return cloud.exit;
    const by = operatorOf(parts, io, options.by);
    const claim = options.confirmFenced === true ? operatorsWord(parts, by) : null;
    const request = requestOf(options);
    const safety = { parts, io, compute: cloud.compute, host, by, claim, request };
    const verdict = await checkSafety(safety, options.fence === true);
    if (verdict.kind === 'refused') return verdict.exit;
    const marked = await setMark(parts, io, { host, by, claim, request });
    if (marked.kind === 'failed') return marked.exit;
    tell(
      io,
      `${host} is marked as failed${marked.fresh ? '' : ' already'} (event ${marked.event}).`,
    );
    if (!marked.fresh && (request.instances !== null || request.target !== null))
      tell(
        io,
        'Its evacuation is under way already, so --instance and --target-host change nothing.',
      );
    // Marked first: whatever happens to this process, a host that was switched off is not forgotten.
    const { event } = marked;
    const { through } = verdict;
    if (through.length > 0 && !(await fenceMarked(parts, io, { host, event, by, through })))
      return 'failed';
    return followEvacuation(parts, io, host, options);
  });
}

interface Safety {
  readonly parts: Parts;
  readonly io: Io;
  readonly compute: Compute;
  readonly host: HostName;
  readonly by: string;
  readonly claim: FenceProof | null;
  readonly request: Request;
}

/** Whether the host may be evacuated, and who switches it off before (nobody, when it is off). */
type Verdict =
  | { readonly kind: 'refused'; readonly exit: ExitName }
  | { readonly kind: 'safe'; readonly through: readonly SwitchOff[] };

/** Looks whether the host may be evacuated now; says what is in the way. */
async function checkSafety(safety: Safety, fence: boolean): Promise<Verdict> {
  const { parts, io, compute, host, claim, request } = safety;
  const refusedWith = (exit: ExitName): Verdict => ({ kind: 'refused', exit });
  const [stored, planned] = await Promise.all([
    parts.store.read(host),
    viewHost({ compute }, host),
  ]);
  if (stored.kind === 'unknown') return refusedWith(storeTrouble(parts, io, stored.why));
  if (planned.kind === 'unknown')
    return refusedWith(await explainUnplanned(io, compute, host, planned.why));
  const { service, hosts, problems } = planned.value;
  if (service === null) return refusedWith(refuseUnknownHost(io, host, hosts));
  const record = stored.value?.evacuation;
  // A host that is under way with a proof needs no other one: the command joins in.
  if (record !== undefined && isActive(record) && record.proof !== null) return SAFE;
  const strangers = strangersTo(planned.value, request.instances, record);
  if (strangers !== null) return refusedWith(refuse(io, strangers));
  // Nova takes a minute to see that a host is gone; whoever just cut its power insists with both options.
  const insisted = (claim !== null || fence) && request.force;
  const problem = problems.find(({ code }) => code !== 'NH602' || !insisted);
  const hint = fence ? CUT_HINT : UP_HINT;
  if (problem !== undefined)
    return refusedWith(refuse(io, problem, problem.code === 'NH602' ? hint : ''));
  const isUp = problems.some(({ code }) => code === 'NH602');
  // A host that Nova shows as up may have come back since it was fenced last.
  if (claim !== null || (!(fence && isUp) && (await isProvenOff(safety)))) return SAFE;
  if (fence) {
    const through = await findSwitches(parts, io, host);
    return through.length === 0 ? refusedWith('refused') : { kind: 'safe', through };
  }
  const remedy = parts.switches.length === 0 ? '' : 'With --fence it is switched off first.';
  return refusedWith(refuse(io, because('NH601', { host }), remedy));
}

const SAFE: Verdict = { kind: 'safe', through: [] };

const CUT_HINT =
  'If it has just failed, wait until Nova shows it as down; to cut off a host that may be running, with all its guests: --fence --force.';

const UP_HINT =
  'If its power was cut within the last minute, Nova has not noticed yet: wait until it shows it as down, or add --confirm-fenced --force.';

/** Whether the sources of proofs (not an operator's word) show the host off now. */
async function isProvenOff({ parts, host, by, request }: Safety): Promise<boolean> {
  const now = parts.clock.now();
  const asIfMarked: Mark = {
    event: asEvent('none'),
    firstAt: now,
    at: now,
    origin: 'operator',
    by,
    claim: null,
    request,
  };
  const proof = await parts.fencing.proof(host, asIfMarked);
  if (proof.kind === 'unknown' || proof.value === null) return false;
  return covers(proof.value, asIfMarked, parts.policy.fence.skewMs);
}
