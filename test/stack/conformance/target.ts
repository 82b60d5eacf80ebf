/**
 * What a cloud must offer so that the expectations can be tried on it: the real one of
 * `test/stack/cloud`, the simulated one, or any other.
 */

/** A state in which an instance can be made. */
export type InstanceState = 'active' | 'stopped' | 'error' | 'paused' | 'suspended' | 'rescued';

/** How building guests goes on a host: `slow` long enough to look on in the middle. */
export type Spawning = 'normal' | 'slow' | 'failing';

/** A cloud under test. Actions resolve when they have taken effect. */
export interface Target {
  readonly authUrl: string;
  readonly username: string;
  readonly password: string;
  readonly project: string;
  /** At least four compute hosts, which share their disks. */
  readonly hosts: readonly string[];
  boot(host: string, state: InstanceState): Promise<string>;
  /** The machine loses power: nova-compute and all guests end at once. */
  powerOff(host: string): Promise<void>;
  /** nova-compute ends, the guests run on. */
  killCompute(host: string): Promise<void>;
  /** nova-compute starts again, on a machine that boots if it was off. */
  startCompute(host: string): Promise<void>;
  spawning(host: string, how: Spawning): Promise<void>;
  /** Holds nova-conductor: what is sent to it waits. */
  conductor(running: boolean): Promise<void>;
  /** The hosts on which this instance's guest runs, whatever Nova thinks. */
  runningOn(instance: string): Promise<readonly string[]>;
  /** No instances, all hosts up, enabled, not forced down, spawning normally. */
  reset(): Promise<void>;
}
