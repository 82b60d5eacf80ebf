/**
 * The real OpenStack does what nova-ha believes of it; the simulated cloud is held
 * to the same expectations in test/system.
 */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { SUBJECTS } from './conformance/cases/index.ts';
import { createRealTarget } from './conformance/real.ts';
import { createRunner, type Runner } from './conformance/runner.ts';
import { startCloud, type Cloud } from './harness/cloud.ts';

describe('the real cloud', () => {
  let cloud: Cloud;
  let runner: Runner;
  beforeAll(async () => {
    cloud = await startCloud();
    runner = createRunner(createRealTarget(cloud));
  });
  afterAll(() => cloud.stop());

  describe.each(Object.entries(SUBJECTS))('%s', (_subject, expectations) => {
    it.each(expectations)('$name', (expectation) => runner.check(expectation));
  });
});
