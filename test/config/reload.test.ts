import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { needsRestart, reloaded } from '../../src/config/reload.ts';
import { KEYS } from '../../src/config/table.ts';
import { DEFAULT_POLICY } from '../../src/domain/policy.ts';

function load(text: string): Config {
  const outcome = loadConfig({
    env: {},
    file: '/c.yaml',
    options: [],
    home: '/home/anna',
    isRoot: true,
    readFile: () => ({ kind: 'text', text }),
  });
  if (outcome.kind === 'wrong') throw new Error(outcome.problems.join(' '));
  return outcome.config;
}

const OLD = load('store: {kind: memory}\npace: {in_flight: 24}\nopenstack: {password: one}\n');

describe('a configuration that is read again', () => {
  it('says what it takes over, with the values', () => {
    const next = load('store: {kind: memory}\npace: {in_flight: 7}\nopenstack: {password: one}\n');
    const { config, taken, waiting } = reloaded(OLD, next);
    expect(taken).toEqual(['pace.in_flight (24 -> 7)']);
    expect(waiting).toEqual([]);
    expect(config.settings['pace.in_flight']).toBe(7);
  });

  it('keeps what needs a restart, names it again and again, and never a secret', () => {
    const next = load('worker: {lease: 20s}\nopenstack: {password: two}\nstorm: {max_hosts: 3}\n');
    const first = reloaded(OLD, next);
    expect(first.waiting).toEqual(['openstack.password', 'store.kind', 'worker.lease']);
    expect(first.taken).toEqual(['storm.max_hosts (10 -> 3)']);
    expect(first.config.settings['openstack.password']).toBe('one');
    expect(first.config.settings['store.kind']).toBe('memory');
    expect(JSON.stringify(first.taken)).not.toContain('two');
    const second = reloaded(first.config, next);
    expect(second).toMatchObject({ taken: [], waiting: first.waiting });
  });

  it('names long values only', () => {
    const next = load(
      'store: {kind: memory}\nopenstack: {password: one}\nprofiles:\n  gold: {retry: {attempts: 9, backoff: 2s}, states: {paused: skip}}\nassign:\n  - {profile: gold, host: [gold-*]}\n',
    );
    expect(reloaded(OLD, next).taken.map((text) => text.split(' ')[0])).toEqual([
      'profiles',
      'assign',
    ]);
  });

  it('takes over every key of the policy but those of the sources of proofs', () => {
    const sections = new Set(Object.keys(DEFAULT_POLICY));
    for (const key of KEYS) {
      const isPolicy = sections.has(key.split('.')[0] ?? '');
      const early = key === 'fence.proof' || key === 'fence.skew';
      expect([key, needsRestart(key)]).toEqual([key, !isPolicy || early]);
    }
  });
});
