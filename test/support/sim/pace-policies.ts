import type { Policy } from '../../../src/domain/policy.ts';
import type { StateRule } from '../../../src/domain/states.ts';
import { asHost } from '../../../src/domain/ids.ts';
import type { Random } from '../../../src/simulator/random.ts';
import { int, pick } from './troubles.ts';

const MINUTE = 60_000;

/** One of a few values; the first, which is the default of most operators, as often as all others. */
const usually = <T>(random: Random, usual: T, ...others: readonly T[]): T =>
  random.next() < 0.5 ? usual : (pick(random, others, 1)[0] ?? usual);

/** How an operator may have configured order, pace and destination; half of the worlds have the defaults. */
export function drawPolicy(random: Random, base: Policy): Policy {
  if (random.next() < 0.5) return base;
  const host = asHost(`compute-${String(1 + int(random, 5))}`);
  return {
    ...base,
    pace: {
      ...base.pace,
      perHost: usually(random, null, 1, 2, 3),
      perGroup: usually(random, null, 1, 2),
      staggerMs: usually(random, 0, 200, 2000),
      adapt: random.next() < 0.8,
      recoverMs: usually(random, base.pace.recoverMs, 5000),
    },
    order: drawOrder(random, base),
    destination: { host: usually(random, null, host), strict: false },
    capacity: { check: usually(random, 'warn', 'plan', 'hold') },
  };
}

/** Groups in sequence or not, and how long they wait for each other. */
export const drawOrder = (random: Random, { order }: Policy): Policy['order'] => ({
  ...order,
  sequence: random.next() < 0.8,
  patienceMs: usually(random, MINUTE, 10_000, 5 * MINUTE),
  delayMs: usually(random, 0, 5000),
});

/** What the owner of an instance may have written about its order, nonsense included. */
export function drawMetadata(random: Random): Readonly<Record<string, string>> {
  if (random.next() < 0.5) return {};
  return {
    'nova-ha:priority': pick(random, ['1', '400', '900', '1000', 'high', '-3'], 1)[0] ?? '',
    ...(random.next() < 0.6 ? { 'nova-ha:group': random.next() < 0.5 ? 'db' : 'web' } : {}),
  };
}

/** What the file may say when it is read again: other limits, other rules, a profile that comes or goes. */
export function redrawPolicy(random: Random, base: Policy): Policy {
  const drawn = drawPolicy(random, base);
  const rule = usually<StateRule>(random, 'skip', 'reset-and-evacuate');
  const general: Policy = {
    ...drawn,
    pace: { ...drawn.pace, inFlight: 1 + int(random, 5), posts: 1 + int(random, 8) },
    states: { ...drawn.states, paused: rule, startAfter: usually(random, 'as-it-was', 'never') },
    retry: { ...drawn.retry, uncertainMs: drawn.retry.uncertainMs + int(random, MINUTE) },
    readmit: { ...drawn.readmit, healthyMs: usually(random, 30_000, 0, MINUTE) },
    fence: { ...drawn.fence, isolation: usually(random, 'force-down', 'wait') },
  };
  if (random.next() < 0.5) return general;
  const states = { ...general.states, rescued: rule, suspended: rule };
  const profile = { states, retry: { ...general.retry, attempts: 3 + int(random, 3) } };
  const assigned = { profile: 'some', hosts: ['compute-*'], zones: [], aggregates: [] };
  return { ...general, profiles: { some: profile }, assign: [assigned] };
}
