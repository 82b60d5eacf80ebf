import { describe, expect, it } from 'vitest';
import type { Tracked } from '../../../src/domain/evacuation.ts';
import { asEvent, asHost } from '../../../src/domain/ids.ts';
import { because } from '../../../src/domain/reason.ts';
import { markHost } from '../../../src/engine/mark-host.ts';
import { reportOf, type HostReport } from '../../../src/engine/report.ts';
import { cut } from '../../../src/surfaces/cli/columns.ts';
import { frameOf, instanceLines } from '../../../src/surfaces/cli/frame.ts';
import { createPaint } from '../../../src/surfaces/cli/paint.ts';
import { createMemoryStore } from '../../../src/adapters/store/memory.ts';
import { instanceId, trackedAt } from '../../support/cli-world.ts';
import { createIdleClock } from '../../support/idle-clock.ts';
import { wholeHost } from '../../../src/domain/mark.ts';

const paint = createPaint({ isTty: false, env: {} });
const destination = asHost('compute-2');
const detail = 'internal error: process exited while connecting to monitor';

/** A host in the middle of it: some arrived, some under way, some failed, some to be tried again. */
async function reportWith(total: number): Promise<HostReport> {
  const clock = createIdleClock();
  const store = createMemoryStore({ clock });
  const host = asHost('compute-1.a-long-name.example.com');
  const chance = { event: () => asEvent('20261201T153845Z-752b'), fraction: () => 0.5 };
  const asked = { host, by: 'anna', origin: 'operator', claim: null, request: wholeHost } as const;
  const silent = (): void => undefined;
  const log = { debug: silent, info: silent, warn: silent, error: silent };
  await markHost({ store, clock, chance, log }, asked);
  const read = await store.read(host);
  if (read.kind === 'unknown' || read.value === null) throw new Error('no record');
  const kinds: readonly Tracked['progress'][] = [
    { at: 'failed', attempt: 5, why: because('NH403', { attempt: 5, detail }) },
    { at: 'landed', destination, since: 0, restored: 'as-it-was' },
    { at: 'accepted', attempt: 1, since: 0, after: 0, migration: 7, destination, looked: 0 },
    { at: 'pending', attempt: 0, after: 0, notBefore: 0, why: null },
  ];
  const instances = Object.fromEntries(
    Array.from({ length: total }, (_none, n) => [
      instanceId(n),
      trackedAt(`vm-${String(n)}`, kinds[n % kinds.length] ?? { at: 'gone' }),
    ]),
  );
  const reasons = ['NH101', 'NH106', 'NH107', 'NH201'].map((code) =>
    because(code as 'NH101', { host, detail, count: 3, total: 4, limit: 1 }),
  );
  const { evacuation } = read.value;
  return reportOf({ ...evacuation, phase: 'evacuating', reasons, instances }, clock.now());
}

const drawn = (report: HostReport, columns: number, rows: number): readonly string[] =>
  frameOf(report, { now: report.since + 12_000, columns, rows, paint }).split('\n');

describe('a frame', () => {
  it.each([
    [40, 12],
    [80, 24],
    [200, 50],
    [20, 5],
    [40, 3],
  ])('of %i columns and %i rows is neither higher nor wider than that', async (columns, rows) => {
    for (const total of [0, 3, 40, 400]) {
      const lines = drawn(await reportWith(total), columns, rows);
      expect(lines.length).toBeLessThan(rows);
      expect(lines.filter((line) => cut(line, columns) !== line)).toEqual([]);
    }
  });

  it('has head, bar, reason and states on a small terminal, and says how many it leaves out', async () => {
    const lines = drawn(await reportWith(40), 40, 12);
    expect(lines[0]).toContain('compute-1.a-long-name');
    expect(lines[1]).toMatch(/^█+░+$/);
    expect(lines[2]).toContain('20/40');
    expect(lines.join('\n')).toMatch(/NH\d+ .*\n {2}Remedy: .*\nINSTANCE +STATE +DETAIL\n/);
    expect(lines.at(-1)).toMatch(/^ {2}… and \d+ more$/);
    const shown = lines.filter((line) => line.startsWith('vm-')).length;
    expect(Number(/\d+/.exec(lines.at(-1) ?? '')?.[0])).toBe(40 - shown);
  });

  it('shows what failed first, with its remedy, and whole ids only where there is room', async () => {
    const report = await reportWith(8);
    const wide = drawn(report, 200, 50);
    const at = wide.findIndex((line) => line.startsWith('vm-0 '));
    expect(wide[at]).toContain(instanceId(0));
    expect(wide[at]).toContain(detail);
    expect(wide[at + 1]).toMatch(/^ {2}Remedy: /);
    expect(wide.indexOf(wide.find((line) => line.includes('accepted')) ?? '')).toBeGreaterThan(at);
    const narrow = drawn(report, 80, 24).find((line) => line.startsWith('vm-0 '));
    expect(narrow).toMatch(/^vm-0 +00000000 +failed +/);
  });
});

describe('a list that is read at leisure', () => {
  it('folds what is long, and loses nothing of it', async () => {
    const { rows } = await reportWith(4);
    const lines = instanceLines(rows, paint, 80).join('\n').split('\n');
    expect(lines.filter((line) => cut(line, 80) !== line)).toEqual([]);
    expect(lines.join('\n')).not.toContain('…');
    const words = lines.map((line) => line.trim()).join(' ');
    expect(words).toContain(detail);
    expect(words).toContain(instanceId(0));
  });
});
