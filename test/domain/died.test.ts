import { describe, expect, it } from 'vitest';
import { decideSilence } from '../../src/domain/decide-silence.ts';
import type { SilenceLook } from '../../src/domain/died.ts';
import { ASKED_MS } from '../../src/domain/died-steps.ts';
import { asEvent, asHost } from '../../src/domain/ids.ts';
import { silenceViolations } from '../../src/domain/invariants-of-silence.ts';
import { known, unknown } from '../../src/domain/known.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { because, sentenceOf } from '../../src/domain/reason.ts';
import type { Switch } from '../../src/domain/switches.ts';
import { peer, service, T0 } from '../support/domain.ts';
import {
  before,
  diedPolicy,
  entryOf,
  labelled,
  MINUTE,
  S1,
  silenceLook,
  silent,
  silentFacts,
} from '../support/silence.ts';

function decided(look: SilenceLook, policy: Policy, now = T0) {
  const decision = decideSilence(look, policy, now);
  expect(silenceViolations({ look, decision, policy, now })).toEqual([]);
  const entry = decision.silent.find(({ host }) => host === S1);
  return {
    ...decision,
    entry,
    code: entry?.why.code ?? null,
    does: decision.actions.map((action) => `${action.do} ${action.host}`),
    told: decision.told.map(({ why }) => why?.code ?? null),
  };
}

const on = (change: Partial<Switch>): Switch => ({
  kind: 'pause',
  scope: { of: 'host', host: S1 },
  reason: 'r',
  by: 'anna',
  since: T0,
  until: null,
  ...change,
});
const switched = (change: Partial<Switch>): SilenceLook =>
  silenceLook({ board: { switches: [on(change)], silent: [] } });
const REPORT = diedPolicy('report');
const DISABLE = diedPolicy('disable');
const FENCE = diedPolicy('fence');

describe('a nova-compute that died', () => {
  it('is told once, with what is there and what the cluster says of the node', () => {
    const first = decided(silenceLook(), REPORT);
    expect(first).toMatchObject({ code: 'NH224', does: [], told: ['NH224'] });
    expect(sentenceOf(first.entry?.why ?? because('NH103'))).toBe(
      'the nova-compute of compute-1 is silent for 10 min 00 s, Pacemaker has its node online, and 3 instances are there; nothing is done: died.action is report',
    );
    const board = { switches: [], silent: first.silent };
    const again = decided(silenceLook({ board, facts: new Map() }), REPORT, T0 + 60 * MINUTE);
    expect(again).toMatchObject({ does: [], told: [], needs: [], silent: first.silent });
  });

  it('is looked into before anything is said', () => {
    const look = silenceLook({ facts: new Map() });
    expect(decided(look, REPORT)).toMatchObject({
      silent: [],
      told: [],
      needs: [{ host: S1, fencing: false }],
    });
    expect(decided(look, FENCE)).toMatchObject({ does: [], needs: [{ host: S1, fencing: true }] });
  });

  it.each([
    ['not long enough', silent(S1, 4 * MINUTE)],
    ['nobody knows how long', silent(S1, 0, { updatedAt: null })],
    ['garbled', silent(S1, 0, { updatedAt: 'yesterday' })],
    ['up and reporting', service(S1, { updatedAt: before(1000) })],
    ["an operator's", silent(S1, 10 * MINUTE, { status: 'disabled', disabledReason: 'rack 4' })],
    ['forced down', silent(S1, 10 * MINUTE, { forcedDown: true })],
    ['drained', silent(S1, 10 * MINUTE, { status: 'disabled', disabledReason: 'nova-ha drain' })],
  ] as const)('is none: %s', (_name, shown) => {
    for (const policy of [REPORT, DISABLE, FENCE])
      expect(decided(silenceLook({ services: [shown] }), policy)).toMatchObject({
        silent: [],
        actions: [],
      });
  });

  it('counts from the newest report of any service, not from our clock', () => {
    for (const now of [0, T0, T0 * 2])
      expect(
        decided(silenceLook({ services: [silent(S1, 4 * MINUTE)] }), FENCE, now).silent,
      ).toEqual([]);
  });

  it('is one too when Nova calls it up, but its last report is far behind', () => {
    const stale = service(S1, { updatedAt: before(10 * MINUTE) });
    expect(decided(silenceLook({ services: [stale] }), REPORT).code).toBe('NH224');
  });

  it('is no case any more once the host is marked, deleted, or taken over by an operator', () => {
    const board = { switches: [], silent: [entryOf(S1)] };
    for (const look of [
      silenceLook({ board, peers: [peer(S1)] }),
      silenceLook({ board, peers: [peer(S1, { phase: 'settled' })] }),
      silenceLook({ board, services: [silent(S1, 0, { status: 'disabled' })] }),
      silenceLook({ board: { switches: [], silent: [entryOf(asHost('gone'))] }, services: [] }),
    ])
      expect(decided(look, FENCE)).toMatchObject({ silent: [], actions: [], told: [] });
  });

  it('is told to report again', () => {
    const board = { switches: [], silent: [entryOf(S1)] };
    const look = silenceLook({ board, services: [service(S1, { updatedAt: before(0) })] });
    expect(decided(look, FENCE)).toMatchObject({ silent: [], actions: [], told: [null] });
  });

  it('is nobody alone while most services are silent', () => {
    const hosts = [1, 2, 3, 4].map((n) => asHost(`compute-${String(n)}`));
    const look = silenceLook({ services: hosts.map((host) => silent(host)) });
    expect(decided(look, FENCE)).toMatchObject({
      silent: [],
      actions: [],
      storm: { silent: 4, total: 6 },
    });
  });

  it('is left alone under maintenance, and in a cell that cannot be reached', () => {
    expect(decided(switched({ kind: 'maintenance' }), FENCE).silent).toEqual([]);
    const entry = entryOf(S1);
    const look = silenceLook({ board: { switches: [], silent: [entry] } });
    const services = new Map(look.fleet.services).set(S1, { host: S1, state: 'unknown' });
    const hidden = { ...look, fleet: { ...look.fleet, services } };
    expect(decided(hidden, FENCE)).toMatchObject({ silent: [entry], actions: [] });
  });

  it('has the policy of its profile, and waits while that is unknown', () => {
    const gold = { profile: 'gold', hosts: [], zones: [], aggregates: ['gold'] };
    const died = { action: 'disable', afterMs: MINUTE } as const;
    const policy = diedPolicy('report', { profiles: { gold: { died } }, assign: [gold] });
    const one = { id: 1, name: 'gold', zone: null, metadata: {}, hosts: [S1] };
    const services = [silent(S1, 2 * MINUTE)];
    const inside = silenceLook({ services, aggregates: known([one], T0) });
    expect(decided(inside, policy).does).toEqual(['disable compute-1']);
    expect(decided(silenceLook({ services }), policy).silent).toEqual([]);
    const away = silenceLook({ services, aggregates: unknown('503') });
    expect(decided(away, policy)).toMatchObject({ silent: [], actions: [], needs: [] });
  });
});

describe('died.action: disable', () => {
  it('writes the label down first, and asks until Nova shows it', () => {
    const first = decided(silenceLook(), DISABLE);
    expect(first).toMatchObject({ code: 'NH225', does: ['disable compute-1'], told: ['NH225'] });
    expect(first.entry?.label).toBe(asEvent('20261118T082640Z-dead'));
    const board = { switches: [], silent: first.silent };
    const again = decided(silenceLook({ board, facts: new Map() }), DISABLE);
    expect(again).toMatchObject({ does: ['disable compute-1'], told: [], silent: first.silent });
    const shown = decided(silenceLook({ board, services: [labelled(S1)] }), DISABLE);
    expect(shown).toMatchObject({ does: [], told: [], entry: { disabled: true } });
  });

  it('enables it when it has reported for a while', () => {
    const entry = entryOf(S1, { disabled: true, label: asEvent('e'), why: because('NH225') });
    const services = [labelled(S1, { state: 'up', updatedAt: before(0) })];
    const board = { switches: [], silent: [entry] };
    const first = decided(silenceLook({ board, services }), DISABLE);
    expect(first).toMatchObject({ does: [], entry: { upSince: T0 } });
    const seen = { switches: [], silent: first.silent };
    expect(decided(silenceLook({ board: seen, services }), DISABLE, T0 + 29_000).does).toEqual([]);
    const later = decided(silenceLook({ board: seen, services }), DISABLE, T0 + 30_000);
    expect(later).toMatchObject({ does: ['enable compute-1'], silent: first.silent });
    const enabled = [service(S1, { updatedAt: before(0) })];
    const end = decided(silenceLook({ board: seen, services: enabled }), DISABLE, T0 + 60_000);
    expect(end).toMatchObject({ silent: [], told: [null] });
    const frozen = { switches: [on({ kind: 'freeze' })], silent: first.silent };
    expect(decided(silenceLook({ board: frozen, services }), DISABLE, T0 + MINUTE).does).toEqual(
      [],
    );
  });

  it('proves its health anew after it was silent once more', () => {
    const entry = entryOf(S1, { disabled: true, upSince: T0 - MINUTE, why: because('NH225') });
    const look = silenceLook({
      board: { switches: [], silent: [entry] },
      services: [labelled(S1)],
    });
    expect(decided(look, DISABLE).entry).not.toHaveProperty('upSince');
  });

  it('finds its label again when the store was wiped', () => {
    const down = decided(silenceLook({ services: [labelled(S1)] }), DISABLE);
    expect(down).toMatchObject({ code: 'NH225', does: [], entry: { disabled: true } });
    const up = labelled(S1, { state: 'up', updatedAt: before(0) });
    expect(decided(silenceLook({ services: [up] }), REPORT).entry).toMatchObject({ upSince: T0 });
  });

  it('does not overrule an operator who enables it', () => {
    const entry = entryOf(S1, { disabled: true, label: asEvent('e'), why: because('NH225') });
    const board = { switches: [], silent: [entry] };
    const { entry: lifted, ...first } = decided(silenceLook({ board }), DISABLE);
    expect(first).toMatchObject({ code: 'NH224', does: [], told: ['NH224'] });
    expect(lifted?.lifted).toBe(true);
    const after = { switches: [], silent: first.silent };
    expect(decided(silenceLook({ board: after }), DISABLE)).toMatchObject({ does: [], told: [] });
  });

  it.each([
    ['paused', switched({}), 'paused by anna'],
    ['paused altogether', switched({ scope: { of: 'all' } }), 'paused by anna'],
    [
      'lost by Pacemaker',
      silenceLook({ facts: new Map([[S1, silentFacts({ presence: known('lost', T0) })]]) }),
      'for Pacemaker to fence',
    ],
    [
      'nobody knows whether it lives',
      silenceLook({ facts: new Map([[S1, silentFacts({ presence: unknown('no quorum') })]]) }),
      'no quorum',
    ],
  ] as const)('only tells: %s', (_name, look, detail) => {
    const found = decided(look, DISABLE);
    expect(found).toMatchObject({ code: 'NH224', does: [] });
    expect(found.entry?.why.values['detail']).toContain(detail);
  });
});

describe('died.action: fence', () => {
  it('asks once, after that was written down', () => {
    const first = decided(silenceLook(), FENCE);
    expect(first).toMatchObject({ does: ['switch-off compute-1'], told: ['NH226'] });
    expect(first.entry?.asked).toBe(T0);
    const board = { switches: [], silent: first.silent };
    for (const now of [T0 + 1000, T0 + ASKED_MS - 1])
      expect(decided(silenceLook({ board }), FENCE, now)).toMatchObject({ does: [], told: [] });
    const late = decided(silenceLook({ board }), FENCE, T0 + ASKED_MS);
    expect(late).toMatchObject({ code: 'NH227', does: [], told: ['NH227'] });
    const end = { switches: [], silent: late.silent };
    expect(decided(silenceLook({ board: end }), FENCE, T0 + 9 * ASKED_MS)).toMatchObject({
      does: [],
      told: [],
    });
  });

  it('marks what is proven off since then', () => {
    const asked = entryOf(S1, { asked: T0, why: because('NH226') });
    const off = (at: number): SilenceLook =>
      silenceLook({
        board: { switches: [], silent: [asked] },
        facts: new Map([
          [S1, silentFacts({ proof: known({ source: 'power', at, detail: 'off' }, T0) })],
        ]),
      });
    // Also where the policy has become another one meanwhile.
    for (const policy of [FENCE, DISABLE, REPORT])
      expect(decided(off(T0 + 1000), policy, T0 + MINUTE).does).toEqual(['mark compute-1']);
    expect(decided(off(T0 - MINUTE), FENCE, T0 + MINUTE).does).toEqual([]);
  });

  it.each([
    ['nobody runs there', silentFacts({ count: known(0, T0) }), 'no instance is there'],
    ['the instances are unknown', silentFacts({ count: unknown('503') }), '503'],
    ['its node is lost', silentFacts({ presence: known('lost', T0) }), 'for Pacemaker to fence'],
    ['its node is fenced', silentFacts({ presence: known('fenced', T0) }), 'has fenced the node'],
    ['its node is unknown', silentFacts({ presence: unknown('timeout') }), 'timeout'],
    ['nobody can', silentFacts({ objection: known('no device', T0) }), 'no device'],
  ] as const)('does not: %s', (_name, facts, detail) => {
    const found = decided(silenceLook({ facts: new Map([[S1, facts]]) }), FENCE);
    expect(found).toMatchObject({ code: 'NH227', does: [] });
    expect(found.entry).not.toHaveProperty('asked');
    expect(found.entry?.why.values['detail']).toContain(detail);
  });

  it('says it once, however the words change why nobody can', () => {
    const facts = (text: string) => new Map([[S1, silentFacts({ objection: known(text, T0) })]]);
    const first = decided(silenceLook({ facts: facts('no answer after 3 s') }), FENCE);
    const board = { switches: [], silent: first.silent };
    const next = decided(silenceLook({ board, facts: facts('no answer after 4 s') }), FENCE);
    expect(next).toMatchObject({ told: [], silent: first.silent });
  });

  it.each(['foreign', 'alone'] as const)(
    'does where the node is %s and a power agent can',
    (at) => {
      const facts = new Map([[S1, silentFacts({ presence: known(at, T0) })]]);
      expect(decided(silenceLook({ facts }), FENCE).does).toEqual(['switch-off compute-1']);
    },
  );

  it('switches off one host at a time', () => {
    const two = asHost('compute-2');
    const look = silenceLook({ services: [silent(S1), silent(two)] });
    const first = decided(look, FENCE);
    expect(first.does).toEqual(['switch-off compute-1']);
    const board = { switches: [], silent: first.silent };
    const services = [silent(S1), silent(two)];
    const next = decided(silenceLook({ board, services }), FENCE, T0 + MINUTE);
    expect(next.does).toEqual([]);
    expect(next.silent.map(({ why }) => why.code)).toEqual(['NH226', 'NH227']);
    const peers = [peer(S1)];
    const marked = decided(silenceLook({ board, services, peers }), FENCE, T0 + MINUTE);
    expect(marked.does).toEqual(['switch-off compute-2']);
  });

  it('is held by what would hold the evacuation if all of them were marked', () => {
    const storm = { ...FENCE.storm, maxHosts: 1 };
    const look = silenceLook({ services: [silent(S1)], peers: [peer(asHost('compute-2'))] });
    const found = decided(look, { ...FENCE, storm });
    expect(found).toMatchObject({ code: 'NH227', does: [] });
    expect(found.entry?.why.values['cause']).toBe('NH201');
    const crowded = {
      id: 1,
      name: 'a',
      zone: null,
      metadata: { 'instanceha:max_failures': '0' },
      hosts: [S1],
    };
    const limited = decided(silenceLook({ aggregates: known([crowded], T0) }), FENCE);
    expect(limited.entry?.why.values['cause']).toBe('NH230');
    expect(decided(silenceLook({ aggregates: unknown('503') }), FENCE).does).toEqual([]);
    const noScheduler = silenceLook();
    const plane = { ...noScheduler, fleet: { ...noScheduler.fleet, schedulersUp: 0 } };
    expect(decided(plane, FENCE).entry?.why.values['cause']).toBe('NH107');
  });

  it('does not switch off again what was marked shortly before', () => {
    const marked = (markedAt: number): SilenceLook =>
      silenceLook({ peers: [peer(S1, { phase: 'closed', markedAt, endedAt: markedAt + 1 })] });
    expect(decided(marked(T0 - 30 * MINUTE), FENCE)).toMatchObject({ code: 'NH227', does: [] });
    expect(decided(marked(T0 - 61 * MINUTE), FENCE).does).toEqual(['switch-off compute-1']);
  });

  it('counts for a host that was disabled before, too', () => {
    const entry = entryOf(S1, { disabled: true, why: because('NH225') });
    const look = silenceLook({
      board: { switches: [], silent: [entry] },
      services: [labelled(S1)],
    });
    expect(decided(look, FENCE)).toMatchObject({ does: ['switch-off compute-1'], code: 'NH226' });
  });
});
