import { describe, expect, it } from 'vitest';
import { asHost } from '../../../src/domain/ids.ts';
import { because } from '../../../src/domain/reason.ts';
import { createCliWorld, serviceOn } from '../../support/cli-world.ts';

const HOST = asHost('compute-1');
const SPARE = asHost('spare-1');

/** A world whose policy takes hosts in reserve; there is one. */
function reservingWorld(when = 'needed') {
  const world = createCliWorld();
  world.env['NOVA_HA_RESERVE_WHEN'] = when;
  const spare = { status: 'disabled', disabledReason: 'reserved for failures' } as const;
  world.services = [...world.services, { ...serviceOn('spare-1'), ...spare }];
  return world;
}

describe('hosts in reserve on the command line', () => {
  it('plan says which one would be taken, and explain too', async () => {
    const world = reservingWorld();
    const words = 'the reserved host spare-1 would be taken if an instance finds no room';
    expect((await world.run('plan', 'compute-1')).out).toContain(words);
    expect((await world.run('explain', 'compute-1')).out).toContain(words);
    const { out } = await world.run('plan', 'compute-1', '--json');
    expect(JSON.parse(out)).toMatchObject({ reserve: { code: 'NH337' } });
  });

  it('plan says why none would be, and nothing where none is wanted', async () => {
    const world = reservingWorld('always');
    world.services = world.services.slice(0, 2);
    expect((await world.run('plan', 'compute-1')).out).toContain('NH216');
    const { out } = await createCliWorld().run('plan', 'compute-1', '--json');
    expect(JSON.parse(out)).toMatchObject({ reserve: null });
  });

  it('status and explain say what became of them', async () => {
    const world = reservingWorld();
    await world.run('mark', 'compute-1', '--by', 'anna');
    await world.change(HOST, (before) => ({
      ...before,
      reserve: {
        since: world.clock.now(),
        claims: [{ host: SPARE, at: 'taken', since: world.clock.now(), reason: 'reserved' }],
        ended: [
          { host: HOST, why: because('NH333', { reserve: 'spare-2', detail: 'it is down' }) },
        ],
      },
    }));
    const status = await world.run('status', 'compute-1');
    expect(status.out).toContain('the reserved host spare-2 is not taken after all: it is down');
    const explained = await world.run('explain', 'compute-1');
    expect(explained.out).toMatch(/reserve +the reserved host spare-1 is enabled for it/);
  });
});
