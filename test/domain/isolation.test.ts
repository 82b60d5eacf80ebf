import { describe, expect, it } from 'vitest';
import { isIsolated, isolate, isolatingChange, serviceBefore } from '../../src/domain/isolation.ts';
import type { Service } from '../../src/domain/host.ts';
import { asEvent } from '../../src/domain/ids.ts';
import { newEvacuation } from '../../src/domain/evacuation.ts';
import { disabledReason, parseDisabledReason } from '../../src/domain/mark.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.ts';
import { EVENT, evacuating, H1, isolated, mark, service, T0 } from '../support/domain.ts';

const ours = `nova-ha: ${EVENT} evacuating (fenced)`;
const marked = newEvacuation(H1, mark(), T0);
const waiting: Policy = {
  ...DEFAULT_POLICY,
  fence: { ...DEFAULT_POLICY.fence, isolation: 'wait' },
};

describe('the one PUT', () => {
  it('disables with our reason and forces down, together', () => {
    expect(isolatingChange(marked, service(), DEFAULT_POLICY)).toEqual({
      status: 'disabled',
      disabledReason: ours,
      forcedDown: true,
    });
  });

  it.each([
    ['all is done', isolated(), null],
    [
      'disabled by an operator: his reason stays',
      { disabledReason: 'rack 4' },
      { forcedDown: true },
    ],
    ['disabled without a reason', { disabledReason: null }, { forcedDown: true }],
    ['only the force is missing', isolated(H1, { forcedDown: false }), { forcedDown: true }],
    [
      'ours of an earlier event: renamed',
      isolated(H1, { disabledReason: 'nova-ha: old evacuated (fenced)' }),
      { status: 'disabled', disabledReason: ours },
    ],
    [
      'forced down by an operator, enabled',
      { status: 'enabled', forcedDown: true },
      { status: 'disabled', disabledReason: `${ours} (was forced down)` },
    ],
  ] as const)('%s', (_name, change, expected) => {
    const shown = service(H1, { status: 'disabled', ...change });
    expect(isolatingChange(marked, shown, DEFAULT_POLICY)).toEqual(expected);
  });

  it('does not force where isolation is to wait', () => {
    expect(isolatingChange(marked, service(), waiting)).not.toHaveProperty('forcedDown');
    expect(isIsolated(service(H1, { status: 'disabled', state: 'down' }), waiting)).toBe(true);
    expect(isIsolated(service(H1, { status: 'disabled' }), waiting)).toBe(false);
    expect(isIsolated(service(H1, { state: 'down' }), waiting)).toBe(false);
    expect(isIsolated(service(H1, { state: 'down' }), DEFAULT_POLICY)).toBe(false);
  });

  it('is not repeated over an operator who lifts it after it was seen', () => {
    const step = isolate(evacuating(), service(), DEFAULT_POLICY, T0);
    expect(step.actions).toEqual([]);
    expect(step.isolation.seen).toBe(true);
  });

  it('is done anew, and more strongly, where the policy was changed from waiting to forcing', () => {
    const down = service(H1, { status: 'disabled', state: 'down', disabledReason: ours });
    const waited = isolate(marked, down, waiting, T0).isolation;
    expect(waited).toMatchObject({ seen: true, waited: true });
    const step = isolate({ ...marked, isolation: waited }, down, DEFAULT_POLICY, T0);
    expect(step.isolation.seen).toBe(false);
    expect(step.actions).toMatchObject([{ change: { forcedDown: true } }]);
    const forced = { ...down, forcedDown: true };
    const again = isolate({ ...marked, isolation: waited }, forced, DEFAULT_POLICY, T0);
    expect(again.isolation).not.toHaveProperty('waited');
    expect(again).toMatchObject({ actions: [], isolation: { seen: true } });
    // The other way round nothing is missing.
    const back = { ...marked, isolation: again.isolation };
    expect(isolate(back, forced, waiting, T0)).toMatchObject({ actions: [] });
  });

  it('is seen only when Nova shows all of it', () => {
    expect(isolate(marked, isolated(), DEFAULT_POLICY, T0).isolation.seen).toBe(true);
    expect(isolate(marked, service(), DEFAULT_POLICY, T0).isolation.seen).toBe(false);
  });

  it('needs no wait for the label of an earlier event, which is renewed beside the work', () => {
    const old = isolated(H1, { disabledReason: 'nova-ha: old evacuating' });
    const step = isolate(marked, old, DEFAULT_POLICY, T0);
    expect(step.isolation.seen).toBe(true);
    expect(step.actions).toMatchObject([{ change: { status: 'disabled' } }]);
    const up = service(H1, { status: 'disabled', disabledReason: 'nova-ha: old evacuating' });
    expect(isolate(marked, up, DEFAULT_POLICY, T0).isolation.seen).toBe(false);
  });
});

describe('what the service was before', () => {
  it.each([
    ['untouched', service(), { status: 'enabled', disabledReason: null, forcedDown: false }],
    [
      'ours, also from a lost record: it was enabled and up',
      isolated(),
      { status: 'enabled', disabledReason: null, forcedDown: false },
    ],
    [
      "an operator's",
      service(H1, { status: 'disabled', disabledReason: 'rack 4', forcedDown: true }),
      { status: 'disabled', disabledReason: 'rack 4', forcedDown: true },
    ],
  ])('%s', (_name, shown, before) => {
    expect(serviceBefore(shown)).toEqual(before);
    const { isolation } = isolate(marked, shown, DEFAULT_POLICY, T0);
    expect(isolation.before).toEqual(before);
  });

  it('is kept from the first look on, and over from an earlier event', () => {
    const before = { status: 'disabled', disabledReason: 'rack 4', forcedDown: false } as const;
    const carried = { ...marked, isolation: { before, wasUp: false, since: T0, seen: false } };
    expect(isolate(carried, service(), DEFAULT_POLICY, T0 + 5).isolation.before).toEqual(before);
  });
});

describe('a host that an operator had forced down, and not disabled', () => {
  /** Isolates it for an event, and shows it as Nova does then. */
  const isolatedFor = (event: string, shown: Service) => {
    const record = newEvacuation(H1, mark({ event: asEvent(event) }), T0);
    const { isolation, actions } = isolate(record, shown, DEFAULT_POLICY, T0);
    const [action] = actions;
    if (action?.do !== 'change-service') throw new Error('nothing is changed');
    return { isolation, shown: { ...shown, ...action.change, state: 'down' as const } };
  };

  it('stays his through every later event, as long as our label stands', () => {
    const first = isolatedFor('e1', service(H1, { forcedDown: true, state: 'down' }));
    expect(first.isolation.before).toMatchObject({ status: 'enabled', forcedDown: true });
    const second = isolatedFor('e2', first.shown);
    expect(second.isolation.before).toEqual(first.isolation.before);
    // He has lifted it himself meanwhile: what comes now is ours.
    const third = isolatedFor('e3', { ...second.shown, forcedDown: false });
    expect(third.isolation.before).toMatchObject({ status: 'enabled', forcedDown: false });
    expect(parseDisabledReason(third.shown.disabledReason)).not.toHaveProperty('theirs');
  });
});

describe('the label of an event that nobody remembers', () => {
  const labelled = (text: string) => isolated(H1, { disabledReason: `nova-ha: ${text}` });
  const loss = (text: string, record = marked) =>
    isolate(record, labelled(text), DEFAULT_POLICY, T0).loss;

  it('tells that a store was wiped in the middle of an evacuation', () => {
    expect(loss('other evacuating (fenced)')).toEqual({ lostAt: T0 });
  });

  it('tells nothing when it is of this event, is done, or was known of', () => {
    expect(loss(`${EVENT} evacuating (fenced)`)).toEqual({});
    expect(loss('other evacuated (fenced)')).toEqual({});
    expect(loss('other evacuating', evacuating([]))).toEqual({});
    expect(isolate(marked, service(), DEFAULT_POLICY, T0).loss).toEqual({});
  });
});

describe('our reason', () => {
  it.each([
    { event: EVENT, stage: 'evacuating', trusted: true },
    { event: EVENT, stage: 'evacuated', trusted: false },
    { event: EVENT, stage: 'evacuating', trusted: true, theirs: true },
    { event: EVENT, stage: 'ignored', trusted: false, theirs: true },
    { event: EVENT, stage: 'ignored', trusted: false },
    { event: EVENT, stage: 'silent', trusted: false },
  ] as const)('is read back: %o', (reason) => {
    expect(parseDisabledReason(disabledReason(reason))).toEqual(reason);
    expect(disabledReason(reason).length).toBeLessThanOrEqual(255);
    expect(disabledReason(reason)).not.toMatch(/^AUTO:/);
  });

  it.each([null, '', 'nova-ha', 'nova-ha: ', 'nova-ha: ev lost', 'my nova-ha: ev evacuating'])(
    'is not %j',
    (text) => {
      expect(parseDisabledReason(text)).toBeNull();
    },
  );
});
