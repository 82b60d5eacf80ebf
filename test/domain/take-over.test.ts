import { describe, expect, it } from 'vitest';
import type { Evacuation, Progress } from '../../src/domain/evacuation.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';
import { takeOver } from '../../src/domain/take-over.ts';
import { fullRecord } from '../support/record.ts';

const NOW = 1_763_640_000_000;
const HOUR = 3_600_000;

function after(progress: Progress): Progress | undefined {
  const record = fullRecord(1);
  const [id = ''] = Object.keys(record.instances);
  const instances: Evacuation['instances'] = Object.fromEntries(
    Object.entries(record.instances).map(([key, entry]) => [key, { ...entry, progress }]),
  );
  const taken = takeOver({ ...record, instances }, DEFAULT_POLICY, NOW);
  return Object.entries(taken.instances).find(([key]) => key === id)?.[1].progress;
}

describe('a record of another clock', () => {
  it('has requests of unknown outcome watched anew for their full time', () => {
    for (const since of [NOW - HOUR, NOW, NOW + HOUR]) {
      expect(after({ at: 'intended', attempt: 1, since, after: 3 })).toMatchObject({ since: NOW });
    }
  });

  it('lets nothing wait longer than a pause of ours', () => {
    const pending = { at: 'pending', attempt: 1, after: 3, why: null } as const;
    expect(after({ ...pending, notBefore: NOW + HOUR })).toMatchObject({ notBefore: NOW });
    expect(after({ ...pending, notBefore: NOW + 5000 })).toMatchObject({ notBefore: NOW + 5000 });
    expect(after({ ...pending, notBefore: NOW - HOUR })).toMatchObject({ notBefore: NOW - HOUR });
  });

  it('has nothing that began in the future', () => {
    const base = { attempt: 1, after: 3, migration: 4, destination: null } as const;
    expect(after({ at: 'accepted', ...base, since: NOW + HOUR, looked: NOW + HOUR })).toMatchObject(
      {
        since: NOW,
        looked: NOW,
      },
    );
    expect(after({ at: 'accepted', ...base, since: NOW - HOUR, looked: 0 })).toMatchObject({
      since: NOW - HOUR,
    });
  });

  it('has what was lost watched anew for its full time, before anything is sent', () => {
    const lost = { ...fullRecord(1), lostAt: NOW - HOUR };
    const marked = takeOver({ ...lost, phase: 'marked' }, DEFAULT_POLICY, NOW);
    expect(marked.lostAt).toBe(NOW);
    expect(takeOver(lost, DEFAULT_POLICY, NOW).lostAt).toBe(NOW - HOUR);
    expect(takeOver(fullRecord(1), DEFAULT_POLICY, NOW)).not.toHaveProperty('lostAt');
  });

  it('is otherwise left as it is', () => {
    const record = fullRecord(12);
    expect(Object.keys(takeOver(record, DEFAULT_POLICY, NOW).instances)).toEqual(
      Object.keys(record.instances),
    );
    expect(after({ at: 'gone' })).toEqual({ at: 'gone' });
  });
});
