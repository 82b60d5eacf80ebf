import { describe, it } from 'vitest';
import { expectSound, type SmallWorld } from '../support/model/report.ts';

/** Twice as deep as every build can wait for. */
const DEEP: readonly (readonly [string, SmallWorld['budget']])[] = [
  ['a worker crashes and a rebuild fails', { crashes: 1, flights: 1 }],
  ['a request and a rebuild get lost', { requests: 1, flights: 1 }],
  ['two requests get lost', { requests: 2 }],
  ['two rebuilds fail', { flights: 2 }],
];

describe('one instance, two workers, every order of events', () => {
  it.each<readonly [string, SmallWorld['budget']]>([
    ['a worker crashes at any boundary while a request gets lost', { crashes: 1, requests: 1 }],
    ['a rebuild fails, is lost, or finds no room', { flights: 1 }],
    ['Nova is away for a turn', { reads: 1 }],
    ...(process.env['SIM_DEEP'] === undefined ? [] : DEEP),
  ])('%s', (_name, budget) => {
    expectSound({ instances: 1, budget });
  });
});
