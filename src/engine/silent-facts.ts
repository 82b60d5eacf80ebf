import type { Presence, SilentFacts, SilentNeed } from '../domain/died.ts';
import { asEvent, type HostName } from '../domain/ids.ts';
import { known, type Known, mapKnown, NOT_ASKED } from '../domain/known.ts';
import { wholeHost, type FenceProof, type Mark } from '../domain/mark.ts';
import type { Instant } from '../domain/time.ts';
import type { SilenceParts } from './silent-hosts.ts';

type Asking = Pick<
  SilenceParts,
  'compute' | 'fencing' | 'store' | 'clock' | 'chance' | 'nodes' | 'switches'
>;

/** At most so many hosts are looked into at once; the others are with the next look. */
const AT_ONCE = 10;

/** What hangs on single silent hosts, asked once per host and look. */
export async function askSilent(
  parts: Asking,
  needs: readonly SilentNeed[],
): Promise<ReadonlyMap<HostName, SilentFacts>> {
  const found = await Promise.all(
    needs.slice(0, AT_ONCE).map(async (need) => [need.host, await askOne(parts, need)] as const),
  );
  return new Map(found);
}

async function askOne(parts: Asking, { host, fencing }: SilentNeed): Promise<SilentFacts> {
  const { compute, chance, clock, nodes } = parts;
  const [instances, presence, objection, proof] = await Promise.all([
    compute.instancesOn(host),
    nodes === null ? known<Presence>('alone', clock.now()) : nodes.presence(host),
    fencing ? objectionTo(parts, host) : NOT_ASKED,
    fencing ? proofOf(parts, host) : NOT_ASKED,
  ]);
  const event = chance.event(clock.now());
  return { event, count: mapKnown(instances, (all) => all.length), presence, objection, proof };
}

async function objectionTo(
  { switches, clock }: Asking,
  host: HostName,
): Promise<Known<string | null>> {
  const objections = await Promise.all(switches.map((one) => one.objection(host)));
  const none =
    'nobody here can switch hosts off (no Pacemaker, and no power agent that fence.proof believes)';
  const able = objections.includes(null);
  return known(able ? null : switches.length === 0 ? none : objections.join('; '), clock.now());
}

/** Whether the host is off since somebody was asked to switch it off. */
async function proofOf(
  { store, fencing }: Asking,
  host: HostName,
): Promise<Known<FenceProof | null>> {
  const board = await store.switchboard();
  if (board.kind === 'unknown') return board;
  const asked = board.value.silent.find((one) => one.host === host)?.asked;
  return asked === undefined ? known(null, board.at) : fencing.proof(host, supposedMark(asked));
}

const supposedMark = (at: Instant): Mark => ({
  event: asEvent('silent'),
  firstAt: at,
  at,
  origin: 'rebuilt',
  by: 'died.action',
  claim: null,
  request: wholeHost,
});
