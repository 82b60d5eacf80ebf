/**
 * What a cloud must offer so that the expectations can be tried on it: the real one of
 * `test/stack/cloud`, the simulated one, or any other.
 */

/** A state in which an instance can be made. */
export type InstanceState = 'active' | 'stopped' | 'error' | 'paused' | 'suspended' | 'rescued';

/** How building guests goes on a host: `slow` long enough to look on in the middle. */
export type Spawning = 'normal' | 'slow' | 'failing';

/** What an aggregate is made with, besides its hosts. */
export interface AggregateChoices {
  readonly zone?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What an image is made with; it is active and public unless the fields say something else. */
export interface ImageChoices {
  readonly tags?: readonly string[];
  /** Properties, and Glance's own fields by their names. */
  readonly fields?: Readonly<Record<string, string | number | boolean>>;
}

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
  /** Makes an aggregate; its id. */
  aggregate(name: string, hosts: readonly string[], choices: AggregateChoices): Promise<string>;
  /** Makes an image; its id. */
  image(name: string, choices: ImageChoices): Promise<string>;
  /** Removes all aggregates and images that were made, snapshots too. */
  forget(): Promise<void>;
  /** The hosts on which this instance's guest runs, whatever Nova thinks. */
  runningOn(instance: string): Promise<readonly string[]>;
  /** No instances, all hosts up, enabled, not forced down, spawning normally. */
  reset(): Promise<void>;
}
