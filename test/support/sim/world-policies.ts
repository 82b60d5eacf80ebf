import { asHost } from '../../../src/domain/ids.ts';
import type { Policy } from '../../../src/domain/policy.ts';
import type { AssignRule, ProfilePolicy } from '../../../src/domain/profile.ts';
import type { Random } from '../../../src/simulator/random.ts';
import { drawOrder } from './pace-policies.ts';
import { maybe, oneOf, randomSelection } from './policies.ts';

const MINUTE = 60_000;

/**
 * How an operator may have chosen instances, profiles and thresholds. A part of the worlds has each of
 * them, so that they meet all other trouble, and each other.
 */
export function drawWorldPolicy(random: Random, base: Policy): Policy {
  const select = maybe(random, 0.25) ? randomSelection(random) : base.select;
  const general = { ...base, select, storm: drawStorm(random, base), flap: drawFlap(random, base) };
  if (!maybe(random, 0.2)) return general;
  const profiles = { a: drawProfile(random, general), b: drawProfile(random, general) };
  return {
    ...general,
    profiles,
    assign: [drawAssignment(random, 'a'), drawAssignment(random, 'b')],
  };
}

/** Limits that a world of five hosts comes to; whoever is held for good waits for an operator's force. */
function drawStorm(random: Random, { storm }: Policy): Policy['storm'] {
  if (!maybe(random, 0.2)) return storm;
  return {
    ...storm,
    maxHosts: oneOf(random, [storm.maxHosts, 1, 2]),
    maxShare: oneOf(random, [storm.maxShare, 0, 0.2, 0.4]),
    cascadeMs: oneOf(random, [0, 5 * MINUTE]),
    cooldownMs: oneOf(random, [0, 30_000, 2 * MINUTE]),
    intervalMs: oneOf(random, [0, 30_000, 2 * MINUTE]),
    perInterval: oneOf(random, [1, 2]),
    silentShare: oneOf(random, [storm.silentShare, 0.25, 1]),
  };
}

const drawFlap = (random: Random, { flap }: Policy): Policy['flap'] =>
  maybe(random, 0.1) ? { ...flap, count: oneOf(random, [1, 2]) } : flap;

function drawProfile(random: Random, general: Policy): ProfilePolicy {
  const { retry, states, storage } = general;
  const all: Omit<Required<ProfilePolicy>, 'reserve' | 'died'> = {
    select: randomSelection(random),
    states: {
      ...states,
      paused: oneOf(random, ['skip', 'reset-and-evacuate']),
      suspended: oneOf(random, ['skip', 'reset-and-evacuate']),
      startAfter: oneOf(random, ['as-it-was', 'never']),
    },
    storage: {
      ...storage,
      kind: oneOf(random, ['shared', 'local']),
      localDisk: oneOf(random, ['skip', 'rebuild', 'restore']),
    },
    order: drawOrder(random, general),
    destination: { host: oneOf(random, [null, asHost('compute-3')]), strict: false },
    capacity: { check: oneOf(random, ['plan', 'warn', 'hold']) },
    flap: drawFlap(random, general),
    retry: { ...retry, attempts: oneOf(random, [retry.attempts, 2]) },
    readmit: { ...general.readmit, healthyMs: oneOf(random, [10_000, 60_000]) },
  };
  return Object.fromEntries(Object.entries(all).filter(() => maybe(random, 0.5)));
}

const drawAssignment = (random: Random, profile: string): AssignRule => ({
  profile,
  hosts: maybe(random, 0.6) ? [oneOf(random, ['compute-1', 'compute-2', 'compute-?', '*-5'])] : [],
  zones: maybe(random, 0.2) ? [oneOf(random, ['nova', 'z2'])] : [],
  aggregates: maybe(random, 0.4) ? [oneOf(random, ['fast', 'slow', 'f*'])] : [],
});
