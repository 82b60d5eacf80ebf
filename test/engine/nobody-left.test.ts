import { expect, it } from 'vitest';
import { known } from '../../src/domain/known.ts';
import { wholeHost } from '../../src/domain/mark.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/policy.ts';
import { markHost } from '../../src/engine/mark-host.ts';
import { takeTurn } from '../../src/engine/turn.ts';
import { H1, instance, T0, VM } from '../support/domain.ts';
import { createParts } from '../support/engine.ts';

/** A policy that looks at images, as InstanceHA and fence_compute do. */
const tagged: Policy = { ...DEFAULT_POLICY, select: { ...DEFAULT_POLICY.select, mode: 'tagged' } };

function createStage() {
  const found = [instance()];
  const parts = {
    ...createParts({ compute: { instancesOn: () => Promise.resolve(known([...found], T0)) } }),
    policy: tagged,
    images: {
      byId: () => Promise.resolve(known(new Map(), T0)),
      anyTagged: () => Promise.resolve(known(false, T0)),
      madeSince: () => Promise.resolve(known([], T0)),
    },
  };
  const fail = () =>
    markHost(parts, {
      host: H1,
      origin: 'fence-agent',
      by: 'ctl-1',
      claim: { source: 'mark', at: T0, detail: 'fenced' },
      request: wholeHost,
    });
  const turn = async () => {
    const lease = await parts.store.lease(H1, parts.worker, 15_000);
    const epoch = lease.kind === 'known' && lease.value.kind === 'granted' ? lease.value.epoch : 0;
    parts.clock.pass(1000);
    const { evacuation } = await takeTurn(parts, H1, { epoch, mayAct: () => true }, []);
    return evacuation;
  };
  return { found, fail, turn };
}

it('a failed host without instances is done, although the policy looks at images', async () => {
  const { found, fail, turn } = createStage();
  found.length = 0;
  await fail();
  await turn();
  expect((await turn())?.phase).toBe('settled');
});

it('a host that is reported again with nobody new on it goes on, although the policy looks at images', async () => {
  const { found, fail, turn } = createStage();
  await fail();
  expect((await turn())?.instances[VM]?.progress.at).toBe('skipped');
  found.length = 0;
  await fail();
  await turn();
  expect((await turn())?.phase).toBe('settled');
});
