import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectFreshDist } from '../support/fresh-dist.ts';

beforeAll(() => {
  expectFreshDist();
});

const PROGRAM = 'dist/nova-ha.cjs';

describe('standard output', () => {
  it('that is full is no success: half a document looks like a whole one to nobody', () => {
    const full = openSync('/dev/full', 'w');
    const ran = spawnSync(process.execPath, [PROGRAM, 'config', 'show'], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(full);
    expect(ran.stderr).toMatch(/^nova-ha: standard output cannot be written: .*ENOSPC/);
    expect(ran.status).toBe(1);
  });

  it('that somebody has read enough of is no error', () => {
    const ran = spawnSync('bash', ['-c', `set -o pipefail; ${PROGRAM} config show | true`], {
      encoding: 'utf8',
    });
    expect(ran).toMatchObject({ stderr: '', status: 0 });
  });
});
