import { describe, expect, it } from 'vitest';
import type { Progress } from '../../src/domain/evacuation.ts';
import { uncertain } from '../../src/domain/outcome.ts';
import { because } from '../../src/domain/reason.ts';
import { abandonInstances, retryInstances } from '../../src/engine/resolve-instances.ts';
import { evacuating, H1, H2, PENDING, T0, vm } from '../support/domain.ts';
import { createParts, withWrites, type ToldWrite } from '../support/engine.ts';

const stuck: Progress = {
  at: 'stuck',
  attempt: 1,
  since: T0,
  after: 0,
  migration: 1,
  destination: H2,
  why: because('NH412', { status: 'done', host: H1, id: vm(1) }),
};
const everybody = { host: H1, by: 'anna', instances: null };
const abandoning = { ...everybody, reason: 'its owner deletes it' };

async function holding(progresses: readonly Progress[], writes: ToldWrite[] = []) {
  const parts = createParts({ store: (sound) => withWrites(sound, writes) });
  await parts.memory.write({ version: 0, epoch: null }, evacuating(progresses));
  const stands = async (): Promise<readonly (string | undefined)[]> => {
    const stored = await parts.memory.read(H1);
    const record = stored.kind === 'known' ? stored.value?.evacuation : undefined;
    return progresses.map((_, n) => record?.instances[vm(n + 1)]?.progress.at);
  };
  return { parts, stands };
}

describe('a decision about instances whose write got no answer', () => {
  const unheard = (done: boolean): ToldWrite => ({ done, told: uncertain('time-out') });

  it.each([true, false])('is made in the end; carried out at first: %s', async (done) => {
    const retried = await holding([stuck], [unheard(done)]);
    expect(await retryInstances(retried.parts, everybody)).toMatchObject({ kind: 'done' });
    expect(await retried.stands()).toEqual(['pending']);
    const abandoned = await holding([stuck, PENDING], [unheard(done)]);
    expect(await abandonInstances(abandoned.parts, abandoning)).toMatchObject({ kind: 'done' });
    expect(await abandoned.stands()).toEqual(['failed', 'failed']);
  });
});

describe('a retry of a whole host', () => {
  const givenUp: Progress = {
    at: 'failed',
    attempt: 5,
    why: because('NH403', { attempt: 5, detail: 'no answer', host: H1, id: vm(2) }),
  };
  const abandoned: Progress = {
    at: 'failed',
    attempt: 1,
    why: because('NH413', { by: 'anna', detail: 'not needed', host: H1, id: vm(3) }),
  };

  it('leaves alone what somebody gave up on purpose, unless he names it', async () => {
    const { parts, stands } = await holding([stuck, givenUp, abandoned]);
    await retryInstances(parts, everybody);
    expect(await stands()).toEqual(['pending', 'pending', 'failed']);
    expect(await retryInstances(parts, everybody)).toMatchObject({ kind: 'refused' });
    await retryInstances(parts, { ...everybody, instances: [vm(3)] });
    expect(await stands()).toEqual(['pending', 'pending', 'pending']);
  });
});
