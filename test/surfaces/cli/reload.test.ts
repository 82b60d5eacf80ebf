import { describe, expect, it } from 'vitest';
import { policyOf, type Config } from '../../../src/config/config.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { Policy } from '../../../src/domain/policy.ts';
import type { Reload } from '../../../src/surfaces/cli/parts.ts';
import { createReload, hearHangups } from '../../../src/surfaces/cli/reload.ts';
import { until } from '../../support/until.ts';

const GLOBAL = { config: null, settings: [] };

function config(inFlight: number): Config {
  const outcome = loadConfig({
    env: { NOVA_HA_PACE_IN_FLIGHT: String(inFlight) },
    file: null,
    options: [],
    home: '/home/anna',
    isRoot: true,
    readFile: () => ({ kind: 'absent' }),
  });
  if (outcome.kind === 'wrong') throw new Error(outcome.problems.join(' '));
  return outcome.config;
}

const taken = (inFlight: number, waiting: readonly string[] = []): Reload => ({
  kind: 'ok',
  config: config(inFlight),
  policy: policyOf(config(inFlight).settings),
  taken: [`pace.in_flight (24 -> ${String(inFlight)})`],
  waiting,
});

/** A worker that reads what it is given, one after the other. */
function bed(...reads: readonly (Reload | Error)[]) {
  const lines: string[] = [];
  const policies: Policy[] = [];
  const states: string[] = [];
  const left = [...reads];
  const at = (level: string) => (line: string) => void lines.push(`${level} ${line}`);
  const reload = createReload({
    doors: {
      reloadConfig: () => {
        const next = left.shift() ?? new Error('read too often');
        return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
      },
    },
    global: GLOBAL,
    parts: {
      config: config(24),
      log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
      supervision: {
        ready: () => undefined,
        turned: () => undefined,
        reloading: () => void states.push('reloading'),
        reloaded: () => void states.push('reloaded'),
        stopping: () => undefined,
      },
    },
    take: (policy) => void policies.push(policy),
  });
  const done = (): Promise<void> => until(() => states.at(-1) === 'reloaded');
  return { lines, policies, states, left, reload, done };
}

describe('SIGHUP', () => {
  it('takes the new policy over and says what changed', async () => {
    const { reload, done, lines, policies, states } = bed(taken(7, ['store.kind']));
    reload();
    await done();
    expect(policies.map(({ pace }) => pace.inFlight)).toEqual([7]);
    expect(lines).toEqual([
      'info the configuration was read again: changed: pace.in_flight (24 -> 7)',
      'warn Changed, but it takes effect after a restart of the worker only: store.kind',
    ]);
    expect(states).toEqual(['reloading', 'reloaded']);
  });

  it('keeps the old one for a bad file and says in one line why', async () => {
    const problem = '/c.yaml:2:3: unknown key "pace.in_fligth". Did you mean "pace.in_flight"?';
    const { reload, done, lines, policies } = bed({ kind: 'wrong', problems: [problem] });
    reload();
    await done();
    expect(policies).toEqual([]);
    expect(lines).toEqual([
      `error The configuration was not taken over, the old one holds: ${problem} Remedy: mend it, check it with nova-ha config check, and send SIGHUP again.`,
    ]);
  });

  it('survives what cannot be read at all', async () => {
    const { reload, done, lines } = bed(new Error('no such module'), taken(3));
    reload();
    await done();
    expect(lines[0]).toContain('no such module');
    reload();
    await until(() => lines.length === 2);
  });

  it('reads once more for those that come meanwhile, and never two at a time', async () => {
    const { reload, done, policies, left, states } = bed(taken(1), taken(2), taken(3));
    reload();
    reload();
    reload();
    await done();
    expect(policies.map(({ pace }) => pace.inFlight)).toEqual([1, 2]);
    expect(left).toHaveLength(1);
    expect(states).toEqual(['reloading', 'reloaded']);
  });

  it('leaves a policy alone that says the same', async () => {
    const { reload, done, policies, lines } = bed({ ...taken(24), taken: [] } as Reload);
    reload();
    await done();
    expect(policies).toEqual([]);
    expect(lines).toEqual(['info the configuration was read again: nothing changed']);
  });

  it('is not lost before the worker runs', () => {
    const signals: (() => void)[] = [];
    const answer = hearHangups({ onHangup: (listener) => void signals.push(listener) });
    let heard = 0;
    signals[0]?.();
    answer(() => (heard += 1));
    expect(heard).toBe(1);
    signals[0]?.();
    expect(heard).toBe(2);
  });
});
