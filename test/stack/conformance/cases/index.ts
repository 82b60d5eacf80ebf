/**
 * All expectations, those that change nothing first.
 */
import type { Expectation } from '../expectation.ts';
import { AGGREGATES } from './aggregates.ts';
import { CAPACITY } from './capacity.ts';
import { FAILURES } from './failures.ts';
import { IDENTITY } from './identity.ts';
import { IMAGES } from './images.ts';
import { LIFECYCLE } from './lifecycle.ts';
import { MOVES } from './moves.ts';
import { REBUILDS } from './rebuilds.ts';
import { REFUSALS } from './refusals.ts';
import { SERVERS } from './servers.ts';
import { SERVICES } from './services.ts';
import { SURPRISES } from './surprises.ts';
import { VERSIONS } from './versions.ts';

/** By subject, in the order in which they are tried. */
export const SUBJECTS: Readonly<Record<string, readonly Expectation[]>> = {
  'signing in': IDENTITY,
  versions: VERSIONS,
  'compute services': SERVICES,
  servers: SERVERS,
  aggregates: AGGREGATES,
  images: IMAGES,
  'what is free': CAPACITY,
  'refused evacuations': REFUSALS,
  evacuations: LIFECYCLE,
  'failed evacuations': FAILURES,
  rebuilds: REBUILDS,
  'planned moves': MOVES,
  surprises: SURPRISES,
};
