import type { Instance } from './instance.ts';
import type { Policy } from './policy.ts';
import { because, type Reason } from './reason.ts';

/** What becomes of an instance in a state that Nova does not evacuate. */
export type StateRule = 'skip' | 'reset-and-evacuate';

/** The states that Nova refuses, and what is done about them; where only `skip` stands, nothing is safe. */
export interface StatesPolicy {
  readonly paused: StateRule;
  readonly suspended: StateRule;
  readonly rescued: StateRule;
  readonly resized: 'skip';
  readonly shelved: 'skip';
  readonly shelvedOffloaded: 'skip';
  readonly building: 'skip';
  readonly migrating: 'skip';
  /** `never`: what ran before is stopped on its new host, and its owner starts it. */
  readonly startAfter: 'as-it-was' | 'never';
  /** Projects for which `startAfter` is `never` whatever it says. */
  readonly stoppedProjects: readonly string[];
}

/** The states of which the policy may say `reset-and-evacuate`: the disk stands for itself in all of them. */
export const RESETTABLE = ['paused', 'suspended', 'rescued'] as const;

/** The states of which it may not, and why. */
export const UNRESETTABLE = {
  resized:
    'the other copy of its disk lies on the host it was resized from, and Nova would lose track of it',
  shelved: 'its disk may be gone already: only its image in Glance is sure to hold its data',
  shelved_offloaded: 'it is on no host, so there is nothing to evacuate',
  building: 'it has never run, so there is nothing to save, and Nova refuses to evacuate it',
  migrating: 'its guest may be running on the destination of its migration already',
} as const;

/** What its state lets happen to an instance. */
export type StateVerdict =
  | { readonly kind: 'as-it-is' }
  /** Its state must be reset to error before Nova evacuates it. */
  | { readonly kind: 'reset' }
  | { readonly kind: 'skip'; readonly why: Reason };

/** The vm_states that POST evacuate takes (nova/compute/api.py, `evacuate`); every other one is 409. */
const EVACUABLE: ReadonlySet<string> = new Set(['active', 'stopped', 'error']);

/** Whether Nova evacuates an instance in this vm_state. */
export const isEvacuable = (vmState: string): boolean => EVACUABLE.has(vmState);

const isResettable = (vmState: string): vmState is (typeof RESETTABLE)[number] =>
  (RESETTABLE as readonly string[]).includes(vmState);

/**
 * Task states of a resize or cold migration between its first copied byte and its end
 * (nova/compute/manager.py, `resize_instance` and `finish_resize`): the disk is on two hosts, or half
 * on one.
 */
const RESIZING: ReadonlySet<string> = new Set([
  'resize_migrating',
  'resize_migrated',
  'resize_finish',
]);

const skip = (why: Reason): StateVerdict => ({ kind: 'skip', why });

/**
 * What becomes of an instance by its state: the first rule that applies names the one reason. Decided
 * on vm_state and task_state, never on `status`, which mixes both.
 */
export function stateVerdict(instance: Instance, policy: Policy): StateVerdict {
  const { id, vmState, taskState } = instance;
  if (taskState === 'deleting' || taskState === 'soft-deleting') return skip(because('NH304'));
  if (taskState === 'migrating') return skip(because('NH303', { id, state: taskState }));
  if (taskState !== null && RESIZING.has(taskState)) {
    return skip(because('NH325', { id, state: taskState }));
  }
  if (isEvacuable(vmState)) {
    return instance.launched ? { kind: 'as-it-is' } : skip(because('NH302', { id }));
  }
  if (isResettable(vmState) && policy.states[vmState] === 'reset-and-evacuate') {
    return instance.launched ? { kind: 'reset' } : skip(because('NH302', { id }));
  }
  return skip(refusalOf(instance));
}

function refusalOf({ id, vmState, host, name }: Instance): Reason {
  switch (vmState) {
    case 'resized':
      return because('NH320', { id });
    case 'shelved':
      return because('NH321', { id, name });
    case 'shelved_offloaded':
      return because('NH322', { id });
    case 'building':
      return because('NH323', { id });
    case 'soft-delete':
      return because('NH324', { id });
    default:
      return because('NH301', { id, state: vmState, host: host ?? '' });
  }
}

/** What is remembered of an instance as it was before the failure. */
interface Before {
  readonly projectId: string;
  readonly before: { readonly vmState: string };
}

/** Whether the policy keeps an instance from being started that would run as far as Nova goes. */
export function isKeptFromStarting({ projectId, before }: Before, policy: Policy): boolean {
  const { startAfter, stoppedProjects } = policy.states;
  if (endsStoppedAnyway(before.vmState)) return false;
  return startAfter === 'never' || stoppedProjects.includes(projectId);
}

/** Whether the policy may leave something stopped that ran, so that the cloud should be able to. */
export const mayStop = ({ states }: Policy): boolean =>
  states.startAfter === 'never' || states.stoppedProjects.length > 0;

/** A guest that executed nothing before must not run afterwards; its memory is lost in any case. */
const endsStoppedAnyway = (vmState: string): boolean =>
  vmState === 'stopped' || vmState === 'paused' || vmState === 'suspended';

/** Whether an instance must be stopped on its new host, as it was before or as the policy wants it. */
export const endsStopped = (entry: {
  readonly before: { readonly vmState: string };
  readonly stop?: true;
}): boolean => entry.stop === true || endsStoppedAnyway(entry.before.vmState);

/**
 * Whether the request itself shall leave the instance stopped (microversion 2.95): only what is active
 * comes out as it was otherwise, only once (a cloud with old computes refuses that, and with an old RPC
 * version it loses the request), and Nova starts an instance in error at every microversion.
 */
export const asksForStopped = (
  entry: { readonly before: { readonly vmState: string }; readonly stop?: true },
  attempt: number,
): boolean => entry.stop === true && entry.before.vmState === 'active' && attempt <= 1;

/** What is worth saying about an instance that is evacuated although its state is out of the ordinary. */
export function notesOnState(instance: Instance, policy: Policy): readonly Reason[] {
  const notes: Reason[] = [];
  const entry = { projectId: instance.projectId, before: { vmState: instance.vmState } };
  if (stateVerdict(instance, policy).kind === 'reset') {
    const end = endsStopped(entry) || isKeptFromStarting(entry, policy) ? 'stopped' : 'running';
    notes.push(because('NH326', { state: instance.vmState, end }));
  } else if (isKeptFromStarting(entry, policy)) notes.push(because('NH327'));
  return notes;
}
