import { describe, it } from 'vitest';
import { expectSound } from '../support/model/report.ts';

describe('two instances, two workers, every order of events', () => {
  it('leases expire and decisions grow old', () => {
    expectSound({ instances: 2, budget: {}, coarse: true });
  });
});
