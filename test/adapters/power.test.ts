import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createPower,
  createPowerFencing,
  deviceFor,
  type Power,
  type PowerDevice,
} from '../../src/adapters/power.ts';
import { asHost } from '../../src/domain/ids.ts';
import type { Clock } from '../../src/engine/ports.ts';
import { markedRecord } from '../support/record.ts';
import { ended, scriptedExec, type ScriptedExec } from '../support/scripted-exec.ts';

const host = asHost('compute-1.example.com');

const device = (over: Partial<PowerDevice> = {}): PowerDevice => ({
  hosts: ['compute-*'],
  agent: 'fence_ipmilan',
  options: { ip: 'bmc-{short}', username: 'admin', password: 'pw-secret' },
  optionsFile: null,
  timeoutMs: 20_000,
  ...over,
});

function clockOf(): Clock {
  let ms = 1000;
  return {
    now: () => ms,
    monotonicMs: () => ms,
    sleep: (lengthMs) => {
      ms += lengthMs;
      return Promise.resolve();
    },
  };
}

const powerOf = (script: ScriptedExec, devices = [device()], clock = clockOf()): Power =>
  createPower({ devices, exec: script.exec, clock });

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'nova-ha-power-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});
const file = (name: string, text: string, mode = 0o600): string => {
  const path = join(directory, name);
  writeFileSync(path, text, { mode });
  return path;
};

test('the first device that fits a host counts', () => {
  const devices = [
    device({ hosts: ['compute-1'], agent: 'fence_a' }),
    device({ hosts: ['compute-?', 'gpu-*.example.com'], agent: 'fence_b' }),
    device({ hosts: ['*'], agent: 'fence_c' }),
  ];
  const agentFor = (name: string): string | undefined => deviceFor(devices, name)?.agent;
  expect(agentFor('compute-1')).toBe('fence_a');
  expect(agentFor('COMPUTE-2')).toBe('fence_b');
  expect(agentFor('gpu-17.example.com')).toBe('fence_b');
  expect(agentFor('gpu-17xexample.com')).toBe('fence_c');
  expect(agentFor('compute-10')).toBe('fence_c');
  expect(deviceFor([], 'compute-1')).toBeNull();
});

test('the agent gets its options on standard input, none as an argument', async () => {
  const path = file('secret', '# the BMC\npassword = from-file\n\nlanplus=1\n');
  const script = scriptedExec().when('fence_', ended('Status: ON\n'));
  await powerOf(script, [device({ optionsFile: path })]).status(host);
  expect(script.calls).toEqual([
    {
      program: '/usr/sbin/fence_ipmilan',
      args: [],
      stdin: 'ip=bmc-compute-1\nusername=admin\npassword=from-file\nlanplus=1\naction=status\n',
      timeoutMs: 20_000,
    },
  ]);
});

test.each([
  [ended('Status: ON'), { kind: 'known', value: 'on' }],
  [ended('Status: OFF', 2), { kind: 'known', value: 'off' }],
  [ended('', 1, 'Unable to connect'), { kind: 'unknown' }],
  [ended('', 127), { kind: 'unknown' }],
  [{ kind: 'uncertain', why: 'killed' } as const, { kind: 'unknown' }],
  [{ kind: 'not-started', why: 'not installed' } as const, { kind: 'unknown' }],
])('the status: %o', async (outcome, expected) => {
  expect(await powerOf(scriptedExec().when('fence_', outcome)).status(host)).toMatchObject(
    expected,
  );
});

test('a dead BMC is told apart, with the way out and without the password', async () => {
  const said = 'Failed: Unable to obtain correct plug status for -P pw-secret\n';
  const state = await powerOf(scriptedExec().when('fence_', ended('', 1, said))).status(host);
  const why = state.kind === 'unknown' ? state.why : '';
  expect(why).toContain('Unable to obtain correct plug status');
  expect(why).toContain('nova-ha evacuate compute-1.example.com --confirm-fenced');
  expect(why).not.toContain('pw-secret');
});

test.each<[string, Partial<PowerDevice> & { text?: string; mode?: number }, string]>([
  ['an agent with a path', { agent: '../../bin/sh' }, 'no name of a fence agent'],
  ['an option with a line break', { options: { ip: 'a\naction=on' } }, 'one line'],
  ['an option with an odd name', { options: { 'a b': 'c' } }, 'cannot be passed on'],
  ['a file that is not there', { optionsFile: '/nonexistent/secret' }, 'cannot be read'],
  ['a file that all may read', { text: 'password=x', mode: 0o644 }, 'chmod 600'],
  ['a file with something else', { text: 'hunter2\n' }, 'line 1: expected key=value'],
])('%s is refused before anything runs', async (name, { text, mode, ...over }, message) => {
  const optionsFile = text === undefined ? (over.optionsFile ?? null) : file(name, text, mode);
  const script = scriptedExec().when('fence_', ended(''));
  const state = await powerOf(script, [device({ ...over, optionsFile })]).status(host);
  expect(state).toMatchObject({ kind: 'unknown', why: expect.stringContaining(message) as string });
  expect(JSON.stringify(state)).not.toContain('hunter2');
  expect(script.calls).toEqual([]);
});

describe('off', () => {
  const answers = (statuses: readonly (0 | 1 | 2)[], offCode = 0): ScriptedExec => {
    let turn = 0;
    return scriptedExec().when('fence_', ({ stdin }) => {
      if (stdin?.includes('action=off') === true) return ended('', offCode, 'off said so');
      const code = statuses[Math.min(turn, statuses.length - 1)] ?? 1;
      turn += 1;
      return ended('', code);
    });
  };

  test('is done when the machine says so, not the agent', async () => {
    const script = answers([0, 0, 2]);
    expect(await powerOf(script).off(host)).toMatchObject({
      kind: 'applied',
      value: { source: 'power', at: 3000, detail: 'fence_ipmilan says off' },
    });
    expect(script.calls).toHaveLength(4);
  });

  test('an agent that fails over a machine that is off is fine', async () => {
    expect((await powerOf(answers([2], 1)).off(host)).kind).toBe('applied');
  });

  test('a machine that stays on is uncertain, and says so', async () => {
    expect(await powerOf(answers([0])).off(host)).toMatchObject({
      kind: 'uncertain',
      why: expect.stringContaining('still on') as string,
    });
  });

  test('a failing agent over a machine that is not off is not repeated', async () => {
    const script = answers([1], 1);
    expect(await powerOf(script).off(host)).toMatchObject({
      kind: 'uncertain',
      why: expect.stringContaining('--confirm-fenced') as string,
    });
    expect(script.calls).toHaveLength(2);
  });

  test('without a device, or without the agent, nothing was done', async () => {
    expect(await powerOf(scriptedExec(), []).off(host)).toMatchObject({ kind: 'refused' });
    expect(await powerOf(scriptedExec()).off(host)).toMatchObject({ kind: 'refused' });
  });
});

describe('the proof', () => {
  const proofWith = async (code: number, devices = [device()]): Promise<unknown> => {
    const clock = clockOf();
    const power = powerOf(scriptedExec().when('fence_', ended('', code)), devices, clock);
    return createPowerFencing({ devices, power, clock }).proof(host, markedRecord().mark);
  };

  test('is off, now', async () => {
    expect(await proofWith(2)).toMatchObject({ value: { source: 'power', at: 1000 } });
  });

  test('is not on, nor silence, nor a host without a device', async () => {
    expect(await proofWith(0)).toMatchObject({ kind: 'known', value: null });
    expect(await proofWith(1)).toMatchObject({ kind: 'unknown' });
    expect(await proofWith(2, [])).toMatchObject({ kind: 'known', value: null });
  });
});
