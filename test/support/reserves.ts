import { decide, type Decision } from '../../src/domain/decide.ts';
import type { Evacuation } from '../../src/domain/evacuation.ts';
import type { Aggregate } from '../../src/domain/facts.ts';
import type { Service } from '../../src/domain/host.ts';
import { asHost, type HostName } from '../../src/domain/ids.ts';
import { violations } from '../../src/domain/invariants.ts';
import { known } from '../../src/domain/known.ts';
import type { Observation } from '../../src/domain/observation.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.ts';
import type { ReserveClaim, ReservePolicy } from '../../src/domain/reserve.ts';
import {
  evacuating,
  fleet,
  H1,
  H2,
  isolated,
  observation,
  PENDING,
  service,
  T0,
} from './domain.ts';

/** A host that is kept in reserve in these tests, and another one. */
export const R1 = asHost('spare-1');
export const R2 = asHost('spare-2');
export const WORDS = 'reserved for failures';

/** A host in reserve: up, and disabled with a reason that says so. */
export const spare = (host: HostName = R1, change: Partial<Service> = {}): Service =>
  service(host, { status: 'disabled', disabledReason: WORDS, ...change });

/** The default policy, taking reserved hosts for every failed host. */
export const reserving = (change: Partial<ReservePolicy> = {}): Policy => ({
  ...DEFAULT_POLICY,
  reserve: { ...DEFAULT_POLICY.reserve, when: 'always', ...change },
});

/** A claim on the reserved host. */
export const claim = (
  at: ReserveClaim['at'],
  change: Partial<ReserveClaim> = {},
): ReserveClaim => ({
  host: R1,
  at,
  since: T0,
  reason: WORDS,
  ...change,
});

/** A record with one instance that waits, and these claims. */
export const claiming = (
  claims: readonly ReserveClaim[],
  change: Partial<Evacuation> = {},
): Evacuation => evacuating([PENDING], { reserve: { since: T0, claims, ended: [] }, ...change });

/** The failed host isolated, one ordinary host, and these in reserve. */
export const beside = (...spares: readonly Service[]): Partial<Observation> => ({
  fleet: known(fleet([isolated(H1), service(H2), ...spares]), T0),
});

/** An aggregate of these hosts. */
export const aggregate = (
  id: number,
  hosts: readonly HostName[],
  change: Partial<Aggregate> = {},
): Aggregate => ({ id, name: `agg-${String(id)}`, zone: null, metadata: {}, hosts, ...change });

/** One turn; no invariant may be broken by it. */
export function turn(
  record: Evacuation,
  seen: Partial<Observation>,
  policy: Policy = reserving(),
  now = T0 + 10,
): Decision {
  const whole = observation(seen);
  const decision = decide(record, whole, policy, now);
  const broken = violations({ before: record, observation: whole, decision, policy, now });
  if (broken.length > 0) throw new Error(JSON.stringify(broken));
  return decision;
}

/** Where the claims of a record stand. */
export const standing = ({ reserve }: Evacuation): readonly string[] =>
  (reserve?.claims ?? []).map(({ host, at }) => `${host} ${at}`);

/** Why claims ended. */
export const endings = ({ reserve }: Evacuation): readonly string[] =>
  (reserve?.ended ?? []).map(({ why }) => why.code);

/** What a decision wants done to instances and reserved hosts, in short. */
export const deeds = ({ actions }: Pick<Decision, 'actions'>): readonly string[] =>
  actions.flatMap((action) => {
    switch (action.do) {
      case 'change-reserve':
        return `${action.change.status ?? ''} ${action.host}`;
      case 'join-aggregate':
      case 'leave-aggregate':
        return `${action.do} ${String(action.aggregate)} ${action.host}`;
      case 'evacuate':
        return `evacuate to ${action.target ?? 'anywhere'}`;
      case 'change-service':
        return [];
      default:
        return action.do;
    }
  });
