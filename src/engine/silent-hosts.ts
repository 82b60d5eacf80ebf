import {
  asksForAggregates,
  candidates,
  type SilenceLook,
  type SilentFacts,
} from '../domain/died.ts';
import { decideSilence, type SilenceDecision } from '../domain/decide-silence.ts';
import type { Fleet } from '../domain/host.ts';
import { asEvent, asHost, type HostName, type WorkerId } from '../domain/ids.ts';
import { silenceViolations } from '../domain/invariants-of-silence.ts';
import { NOT_ASKED } from '../domain/known.ts';
import type { Policy } from '../domain/policy.ts';
import { sentenceOf, remedyOf, severityOf } from '../domain/reason.ts';
import type { Summary } from '../domain/summary.ts';
import type { Switchboard } from '../domain/switchboard.ts';
import type { Millis } from '../domain/time.ts';
import type { FleetCache } from './fleet-cache.ts';
import type { Chance, Clock, Compute, Fencing, Log, NodeWatch, Store, SwitchOff } from './ports.ts';
import { askSilent } from './silent-facts.ts';
import { performSilent, type Asked } from './silent-actions.ts';

/** What is needed to look after hosts of which only the nova-compute is silent. */
export interface SilenceParts {
  readonly store: Store;
  readonly compute: Compute;
  readonly fencing: Fencing;
  readonly clock: Clock;
  readonly log: Log;
  readonly fleet: FleetCache;
  readonly worker: WorkerId;
  readonly leaseMs: Millis;
  readonly policy: () => Policy;
  readonly chance: Chance;
  /** What the cluster manager says of the nodes; null where there is none. */
  readonly nodes: NodeWatch | null;
  /** Who can switch hosts off; the first that can is asked. */
  readonly switches: readonly SwitchOff[];
}

/** The look after silent services. */
export interface SilenceWatch {
  /** Looks at a list of services that was read anyway; returns at once, and never fails. */
  look(summaries: readonly Summary[], fleet: Fleet): void;
  /** Resolves when no look is under way; a host that is being switched off is not waited for. */
  idle(): Promise<void>;
}

/** No service of Nova has such a name. One worker of all looks after the silent hosts at a time. */
const SILENT = asHost('_nova-ha-silent');

/** How long an empty board is remembered: another worker may have written on it, and be no more. */
const EMPTY_MS: Millis = 170_000;

/** The share of a lease within which everything of a look must have been begun. */
const ACT_WITHIN = 0.5;

/**
 * Makes the look after silent services. While none is silent it costs nothing but going through the
 * list; while nothing is to be done about the silent ones it costs one read of the store.
 */
export function createSilenceWatch(parts: SilenceParts): SilenceWatch {
  const { store, clock, log } = parts;
  let running: Promise<void> | null = null;
  /** When the board was seen without an entry; null: it has some, or nobody knows. */
  let emptyMs: Millis | null = null;
  let stormed = '';
  const asked: Asked = new Set();

  async function lookOnce(summaries: readonly Summary[], fleet: Fleet): Promise<void> {
    const peers = summaries;
    const isEmpty = emptyMs !== null && clock.monotonicMs() - emptyMs < EMPTY_MS;
    if (isEmpty && candidates({ fleet, peers }).length === 0) return;
    const board = await store.switchboard();
    if (board.kind === 'unknown') return;
    emptyMs = board.value.silent.length === 0 ? clock.monotonicMs() : null;
    const first = await decideOn(parts, { board: board.value, fleet, peers }, null);
    complain(first);
    if (isQuiet(first, board.value)) return;
    // Before the lease is taken: a slow list of instances would use it up.
    const facts = await askSilent(parts, first.needs);
    const takenMs = clock.monotonicMs();
    const grant = await store.lease(SILENT, parts.worker, parts.leaseMs);
    if (grant.kind === 'unknown' || grant.value.kind === 'held') return;
    try {
      await act(facts, takenMs);
    } finally {
      await store.release(SILENT, parts.worker);
    }
  }

  /** Everything is read anew before anything is written: Nova knows no compare-and-set. */
  async function act(facts: ReadonlyMap<HostName, SilentFacts>, takenMs: Millis): Promise<void> {
    const [board, list, fleet] = await Promise.all([
      store.switchboard(),
      store.list(),
      parts.fleet.read(0),
    ]);
    if (board.kind === 'unknown' || list.kind === 'unknown' || fleet.kind === 'unknown') return;
    const seen = { board: board.value, fleet: fleet.value, peers: list.value };
    const decision = await decideOn(parts, seen, facts);
    const { switches, version } = board.value;
    const next = { switches, silent: decision.silent };
    const mayAct = (): boolean => clock.monotonicMs() - takenMs < parts.leaseMs * ACT_WITHIN;
    if (!mayAct()) return;
    if (JSON.stringify(next.silent) !== JSON.stringify(board.value.silent)) {
      emptyMs = null;
      const outcome = await store.setSwitchboard(version, next);
      // Uncertain or refused: the next look finds out, and nothing was done.
      if (outcome.kind !== 'applied') return;
      tell(decision);
    }
    await performSilent(parts, decision.actions, { fleet: fleet.value, mayAct, asked });
  }

  function tell({ told }: SilenceDecision): void {
    const at = clock.now();
    for (const { host, why } of told) {
      if (why === null) log.info(`The nova-compute of ${host} reports again.`, { host });
      else {
        const level = severityOf(why) === 'alert' ? 'error' : 'warn';
        const { code } = why;
        log[level](`${sentenceOf(why)} (${code}). Remedy: ${remedyOf(why)}`, {
          host,
          code,
        });
      }
    }
    void store.append(
      told.map(({ host, why }) => ({
        at,
        host,
        event: asEvent('silent'),
        what: why === null ? 'reports' : 'silent',
        instance: null,
        detail: why === null ? 'its nova-compute reports again' : sentenceOf(why),
      })),
    );
  }

  /** Once for every change: the control plane needs somebody, not each of its hosts. */
  function complain({ storm }: SilenceDecision): void {
    const words =
      storm === null
        ? ''
        : `${String(storm.silent)} of ${String(storm.total)} compute services are silent although they are not marked: that is the control plane or the network, not hosts; nothing is done about them`;
    if (words !== '' && stormed === '') log.error(words);
    stormed = words;
  }

  return {
    look(summaries, fleet) {
      if (running !== null) return;
      running = lookOnce(summaries, fleet)
        .catch((error: unknown) => {
          const why = error instanceof Error ? error.message : String(error);
          log.error(
            `A defect of nova-ha keeps it from looking after silent services; nothing is done about them. Remedy: report this line: ${why}`,
          );
        })
        .finally(() => {
          running = null;
        });
    },
    idle: () => running ?? Promise.resolve(),
  };
}

/** What of a look is there before anything was asked. */
type Seen = Pick<SilenceLook, 'fleet' | 'peers'> & { readonly board: Switchboard };

/** `asked` is null before anything was: then only rules may need the aggregates. */
async function decideOn(
  { clock, fleet, policy }: SilenceParts,
  seen: Seen,
  asked: ReadonlyMap<HostName, SilentFacts> | null,
): Promise<SilenceDecision> {
  const current = policy();
  const at = { acting: asked !== null, now: clock.now() };
  const needed = candidates(seen).length > 0 && asksForAggregates(current, seen.board, at);
  const aggregates = needed ? await fleet.aggregates() : NOT_ASKED;
  const now = clock.now();
  const look: SilenceLook = { ...seen, aggregates, facts: asked ?? new Map() };
  const decision = decideSilence(look, current, now);
  const broken = silenceViolations({ look, decision, policy: current, now });
  if (broken.length > 0) throw new Error(broken.join('; '));
  return decision;
}

const isQuiet = ({ silent, actions, needs }: SilenceDecision, board: Switchboard): boolean =>
  actions.length === 0 &&
  needs.length === 0 &&
  JSON.stringify(silent) === JSON.stringify(board.silent);
