import { shortName, type HostName } from '../domain/ids.ts';
import { known, unknown, type Known } from '../domain/known.ts';
import type { FenceProof } from '../domain/mark.ts';
import { applied, refused, uncertain, type WriteOutcome } from '../domain/outcome.ts';
import { formatMillis, type Millis } from '../domain/time.ts';
import type { Clock, Fencing } from '../engine/ports.ts';
import { complaintOf, type Exec, type ExecOutcome } from './exec.ts';
import { agentInput, redact } from './power-options.ts';

/** How the machines of some hosts are switched: a fence agent and its options. */
export interface PowerDevice {
  /** Host names, `*` and `?` stand for any characters and any one; the first device that fits counts. */
  readonly hosts: readonly string[];
  /** A fence agent of the machine, such as `fence_ipmilan` or `fence_redfish`. */
  readonly agent: string;
  /** The agent's own options; `{host}` and `{short}` in a value stand for the host's name. */
  readonly options: Readonly<Record<string, string>>;
  /** A file with more options, one `key=value` a line, not readable by others; for passwords. */
  readonly optionsFile: string | null;
  /** How long one call of the agent may take. */
  readonly timeoutMs: Millis;
}

/** The power agents of the configuration. */
export type PowerConfig = readonly PowerDevice[];

/** The machines behind the hosts, switched without Pacemaker. */
export interface Power {
  /** Whether a device is configured for a host. */
  covers(host: HostName): boolean;
  status(host: HostName): Promise<Known<'on' | 'off'>>;
  /** Switches off and reads back until the machine says that it is off; only that is success. */
  off(host: HostName): Promise<WriteOutcome<FenceProof>>;
}

/** Where fence agents are; Pacemaker runs them from nowhere else either. */
const AGENTS = '/usr/sbin';

const READ_BACK_MS = 60_000;
const READ_BACK_PAUSE_MS = 1000;

/**
 * Runs fence agents as Pacemaker does: no arguments, options on standard input. `status` ends with 0
 * (on), 2 (off) or anything else (not known), which is the convention of all agents. The text of an
 * agent's complaint is shown without the values of secret options.
 */
export function createPower(deps: {
  readonly devices: PowerConfig;
  readonly exec: Exec;
  readonly clock: Clock;
  readonly directory?: string;
}): Power {
  const { devices, exec, clock, directory = AGENTS } = deps;

  const call = async (
    host: HostName,
    action: 'status' | 'off',
  ): Promise<{ readonly device: PowerDevice; readonly outcome: ExecOutcome } | string> => {
    const device = deviceFor(devices, host);
    if (device === null) {
      return `no power agent is configured for ${host}; add one under power in the configuration`;
    }
    const input = await agentInput(device, { action, host, short: shortName(host) });
    if (input.kind === 'trouble') return input.why;
    const outcome = await exec({
      program: `${directory}/${device.agent}`,
      args: [],
      stdin: input.text,
      timeoutMs: device.timeoutMs,
    });
    return { device, outcome: redact(outcome, input.secrets) };
  };

  const status: Power['status'] = async (host) => {
    const at = clock.now();
    const called = await call(host, 'status');
    if (typeof called === 'string') return unknown(called);
    const { device, outcome } = called;
    if (outcome.kind === 'exited' && outcome.code === 0) return known('on', at);
    if (outcome.kind === 'exited' && outcome.code === 2) return known('off', at);
    return unknown(noAnswer(host, device, outcome));
  };

  const off: Power['off'] = async (host) => {
    const called = await call(host, 'off');
    if (typeof called === 'string') return refused('not-sent', called);
    const { device, outcome } = called;
    if (outcome.kind === 'not-started') return refused('not-sent', outcome.why);
    // Whatever the agent says of its own success: the machine itself is asked until it is off.
    const until = clock.monotonicMs() + READ_BACK_MS;
    for (;;) {
      const state = await status(host);
      if (state.kind === 'known' && state.value === 'off') {
        return applied(proofOf(device, state.at));
      }
      const failed = outcome.kind !== 'exited' || outcome.code !== 0;
      if (failed) return uncertain(noAnswer(host, device, outcome));
      if (clock.monotonicMs() >= until) {
        const last = state.kind === 'known' ? 'it is still on' : state.why;
        return uncertain(
          `${device.agent} switched ${host} off, but after ${formatMillis(READ_BACK_MS)} ${last}`,
        );
      }
      await clock.sleep(READ_BACK_PAUSE_MS);
    }
  };

  return { covers: (host) => deviceFor(devices, host) !== null, status, off };
}

/** Fence proofs from the power status: off now, which is after any failure that was reported before. */
export function createPowerFencing(deps: {
  readonly devices: PowerConfig;
  readonly power: Power;
  readonly clock: Pick<Clock, 'now'>;
}): Fencing {
  return {
    proof: async (host) => {
      const device = deviceFor(deps.devices, host);
      if (device === null) return known(null, deps.clock.now());
      const state = await deps.power.status(host);
      if (state.kind === 'unknown') return state;
      return known(state.value === 'off' ? proofOf(device, state.at) : null, state.at);
    },
  };
}

/** The device of a host: the first whose names fit it. */
export function deviceFor(devices: PowerConfig, host: string): PowerDevice | null {
  return devices.find(({ hosts }) => hosts.some((pattern) => fits(pattern, host))) ?? null;
}

const fits = (pattern: string, host: string): boolean => {
  const source = pattern
    .replace(/[\\^$.+()|[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'i').test(host);
};

const proofOf = (device: PowerDevice, at: number): FenceProof => ({
  source: 'power',
  at,
  detail: `${device.agent} says off`,
});

function noAnswer(host: HostName, device: PowerDevice, outcome: ExecOutcome): string {
  const said =
    outcome.kind === 'exited'
      ? `${complaintOf(outcome)} (exit code ${String(outcome.code)})`
      : outcome.why;
  return (
    `the power agent ${device.agent} cannot tell whether ${host} is off: ${said}. A BMC often dies with its ` +
    `machine: see for yourself that ${host} is off, then nova-ha evacuate ${host} --confirm-fenced`
  );
}
