import { describe, expect, it } from 'vitest';
import { asHost } from '../../../src/domain/ids.ts';
import { because } from '../../../src/domain/reason.ts';
import { known } from '../../../src/domain/known.ts';
import { createCliWorld, instanceId, instanceOn, trackedAt } from '../../support/cli-world.ts';

const HOST = asHost('compute-1');

/** A world with compute-1 marked and three instances counted. */
async function markedWorld() {
  const world = createCliWorld();
  world.proof = known({ source: 'power', at: world.clock.now(), detail: 'seen off' }, 0);
  const marked = await world.run('mark', 'compute-1', '--by', 'anna');
  expect(marked.exit).toBe('done');
  const at = world.clock.now();
  const landed = {
    at: 'landed',
    destination: asHost('compute-2'),
    since: at,
    restored: 'as-it-was',
  };
  await world.change(HOST, (before) => ({
    ...before,
    phase: 'evacuating',
    profile: 'gold',
    reasons: [because('NH202', { count: '7', limit: '3' })],
    instances: {
      [instanceId(1)]: trackedAt('vm-1', {
        at: 'skipped',
        why: because('NH310', { rule: '"no canaries"' }),
      }),
      [instanceId(2)]: trackedAt('vm-2', { ...landed, at: 'landed', restored: 'as-it-was' }),
      [instanceId(3)]: trackedAt('vm-3', {
        at: 'accepted',
        attempt: 2,
        since: at,
        after: 0,
        migration: 17,
        destination: asHost('compute-2'),
        looked: 0,
      }),
    },
  }));
  return world;
}

describe('explain', () => {
  it('tells from the record the rule, the observation and the decision behind each state', async () => {
    const world = await markedWorld();
    // The store alone is asked.
    world.cloud = { kind: 'wrong', exit: 'failed', message: 'no cloud' };
    const { out, exit } = await world.run('explain', 'compute-1');
    expect(exit).toBe('done');
    expect(out).toMatch(/phase +evacuating since/);
    expect(out).toMatch(/mark +event-1 by anna \(operator\)/);
    expect(out).toMatch(/proof +none so far/);
    expect(out).toMatch(/profile +gold, which is configured no more: the general policy/);
    expect(out).toContain('NH202');
    expect(out).toMatch(/vm-1 +skipped +NH310: left out by rule "no canaries" of select.rules/);
    expect(out).toMatch(/vm-3 +accepted .*migration 17, towards compute-2/);
  });

  it('tells everything about one instance, by id or name', async () => {
    const world = await markedWorld();
    const { out } = await world.run('explain', 'compute-1', 'vm-1');
    expect(out).toContain('nova-ha evacuate compute-1 --instance');
    expect(out).not.toContain('vm-3');
    const json = await world.run('explain', 'compute-1', instanceId(3), '--json');
    expect(JSON.parse(json.out)).toMatchObject({
      schema: 1,
      host: 'compute-1',
      from: 'record',
      reasons: [{ code: 'NH202' }],
      instances: [{ name: 'vm-3', state: 'accepted', attempts: 2, migration: 17 }],
    });
  });

  it('says so when there is no such instance', async () => {
    const world = await markedWorld();
    const { err, exit } = await world.run('explain', 'compute-1', 'vm-9');
    expect(exit).toBe('refused');
    expect(err).toContain('compute-1 has no instance "vm-9"');
  });

  it('tells from a plan when the host is not marked, with the profile and why it applies', async () => {
    const world = createCliWorld();
    world.env['NOVA_HA_PROFILES'] = '{gold: {select: {rules: [{exclude: {name: vm-2}}]}}}';
    world.env['NOVA_HA_ASSIGN'] = '[{profile: gold, aggregate: rack-*}]';
    world.aggregates = [{ id: 1, name: 'rack-7', zone: null, metadata: {}, hosts: [HOST] }];
    world.instances = [instanceOn('compute-1', 1), instanceOn('compute-1', 2)];
    const { out, exit } = await world.run('explain', 'compute-1');
    expect(exit).toBe('done');
    expect(out).toMatch(/profile +gold \(assign\[0\]: aggregate rack-\*\)/);
    expect(out).toMatch(/vm-2 +skip +NH310: left out by rule 1 of select.rules/);
    expect(out).toMatch(/vm-1 +evacuate +select.mode is all/);
    const plan = await world.run('plan', 'compute-1');
    expect(plan.out).toContain('Profile: gold (assign[0]: aggregate rack-*)');
    const strange = await world.run('explain', 'compute-9');
    expect(strange).toMatchObject({ exit: 'refused' });
  });
});
