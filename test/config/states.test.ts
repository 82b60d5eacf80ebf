import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { policyOf } from '../../src/config/config.ts';
import { UNRESETTABLE } from '../../src/domain/states.ts';

const load = (text: string) =>
  loadConfig({
    env: {},
    file: '/etc/nova-ha/config.yaml',
    options: [],
    home: '/root',
    isRoot: true,
    readFile: () => ({ kind: 'text', text }),
  });
const problems = (text: string): readonly string[] => {
  const outcome = load(text);
  return outcome.kind === 'wrong' ? outcome.problems : [];
};

describe('the states in the configuration', () => {
  it.each(Object.entries(UNRESETTABLE))('%s cannot be reset, and it says why', (state, why) => {
    const [problem = ''] = problems(`states:\n  ${state}: reset-and-evacuate\n`);
    expect(problem).toContain(':2:');
    expect(problem).toContain(`states.${state} cannot be reset-and-evacuate: ${why}`);
    expect(problems(`states:\n  ${state}: skip\n`)).toEqual([]);
    expect(problems(`states:\n  ${state}: move\n`)[0]).toContain('must be skip, not "move"');
  });

  it('are taken over into the policy', () => {
    const outcome = load(
      [
        'states: {paused: reset-and-evacuate, start_after: never, stopped_projects: [p1]}',
        'storage:',
        '  kind: local',
        '  local_disk: restore',
        '  snapshot_max_age: 12h',
        '  snapshot_names: ["backup-{id}-*"]',
      ].join('\n'),
    );
    if (outcome.kind === 'wrong') throw new Error(outcome.problems.join());
    expect(policyOf(outcome.config.settings)).toMatchObject({
      states: {
        paused: 'reset-and-evacuate',
        suspended: 'skip',
        startAfter: 'never',
        stoppedProjects: ['p1'],
      },
      storage: {
        kind: 'local',
        localDisk: 'restore',
        snapshotMaxAgeMs: 12 * 3_600_000,
        snapshotNames: ['backup-{id}-*'],
      },
    });
  });

  it('refuse a name of snapshots that fits every instance', () => {
    const [problem = ''] = problems('storage:\n  snapshot_names: [backup-*]\n');
    expect(problem).toContain(':2:');
    expect(problem).toMatch(/must contain \{id\} or \{name\}/);
  });

  it('name the nearest key and the place of a wrong one', () => {
    const [problem = ''] = problems('states:\n  pausd: skip\n');
    expect(problem).toContain(':2:');
    expect(problem).toContain('paused');
  });
});
