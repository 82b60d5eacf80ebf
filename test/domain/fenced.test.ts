import { describe, expect, it } from 'vitest';
import { fencedHosts, livenessOfFailed } from '../../src/domain/fenced.ts';
import type { Service } from '../../src/domain/host.ts';
import { known, unknown } from '../../src/domain/known.ts';
import type { Summary } from '../../src/domain/summary.ts';
import { fleet, H1, H2, isolated, peer, T0 } from '../support/domain.ts';

const SIGN = '2026-11-18T08:26:40.000000';
const failed = (change: Partial<Summary> = {}, service: Service = isolated(H2)) => ({
  peers: known([peer(H2, { lastSign: SIGN, ...change })], T0),
  fleet: known(fleet([service]), T0),
});
const withoutSign = (summary: Summary): Summary => {
  const rest: { -readonly [Key in keyof Summary]: Summary[Key] } = { ...summary };
  delete rest.lastSign;
  return rest;
};
const older = withoutSign(peer(H2));

describe('a host that failed', () => {
  it.each([
    ['is off while its record says so and nothing speaks against it', failed(), 'dead'],
    ['is off before it is marked as evacuated, too', failed({ phase: 'marked' }), 'dead'],
    [
      'is off by the record of an older release',
      { ...failed(), peers: known([older], T0) },
      'dead',
    ],
    ['gave a sign of life', failed({ lives: true }), 'alive'],
    ['is being taken back', failed({ phase: 'readmitting' }), 'alive'],
    ['was taken back', failed({ phase: 'closed' }), 'alive'],
    ['was reported again and is not proven off yet', failed({ provenAt: null }), 'doubtful'],
    [
      'has reported since its record was written',
      failed({}, isolated(H2, { updatedAt: '2026-11-18T08:30:00.000000' })),
      'doubtful',
    ],
    ['is up in Nova', failed({}, isolated(H2, { state: 'up' })), 'doubtful'],
    ['was changed by us and not looked at since', failed({ lastSign: null }), 'doubtful'],
    [
      'is in a cell that cannot be reached',
      { ...failed(), fleet: known(fleet([{ host: H2, state: 'unknown' }]), T0) },
      'doubtful',
    ],
    ['is not in the list', { ...failed(), fleet: known(fleet([]), T0) }, 'doubtful'],
    ['cannot be seen in Nova', { ...failed(), fleet: unknown('503') }, 'doubtful'],
    ['cannot be seen in the store', { ...failed(), peers: unknown('away') }, 'doubtful'],
  ])('%s', (_name, seen, liveness) => {
    expect(livenessOfFailed(H2, seen)).toBe(liveness);
    expect([...fencedHosts(seen)]).toEqual(liveness === 'dead' ? [[H2, T0]] : []);
  });

  it('is none, when it has no record', () => {
    expect(livenessOfFailed(H1, failed())).toBe('alive');
  });
});
