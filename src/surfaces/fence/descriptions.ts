import type { AgentName } from './option.ts';

interface Description {
  readonly short: string;
  readonly long: readonly string[];
}

/** What the agents say about themselves, in metadata, help, manual and README. */
export const DESCRIPTIONS: Readonly<Record<AgentName, Description>> = {
  fence_nova: {
    short: 'Marks a failed OpenStack compute host for evacuation and isolates it in Nova',
    long: [
      "The second device of a compute node's topology level, after the device that cuts the power.",
      '"off" writes a durable mark into the store of nova-ha first, and then, as far as Nova answers',
      'in time, disables the compute service and forces it down; it succeeds if and only if the mark',
      'is durable. The worker of nova-ha evacuates the instances. "on" waits until that is settled and',
      'it is safe for nova-compute to start; it returns at once for a host that is not marked.',
      'A drop-in for fence_compute: same options, actions, status words and exit codes.',
    ],
  },
  fence_nova_evacuate: {
    short: 'Has the instances of a failed OpenStack compute host evacuated',
    long: [
      '"off" (and "reboot") hands a host that Nova shows as down and disabled to the worker of nova-ha,',
      'which evacuates its instances; with the option wait it returns when that is settled.',
      '"on" is not supported. A drop-in for fence_evacuate: same options, actions, status words and',
      'exit codes. New set-ups need fence_nova only.',
    ],
  },
};
