import * as v from 'valibot';
import { DEFAULT_POLICY as P } from '../domain/policy.ts';
import { UNRESETTABLE, type StateRule } from '../domain/states.ts';
import { row, type Row } from './row.ts';
import { sequenceOf } from './structures.ts';
import { asText, clipped, duration, listOf, oneOf, text, type ValueKind } from './values.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const stateRule = (state: string, fallback: StateRule, what: string): Row<StateRule> =>
  row(
    oneOf('skip', 'reset-and-evacuate'),
    fallback,
    `${state} instances: leave them, or reset their state to error so that Nova evacuates them (${what})`,
  );

/** A state that is never reset: the other word is understood, and refused with the reason. */
function skipOnly(key: string, why: string): Row<'skip'> {
  const kind: ValueKind<'skip'> = {
    ...oneOf('skip'),
    type: '"skip"',
    flaws: (value) => [
      {
        path: [],
        at: 'value',
        says: (own) =>
          value === 'reset-and-evacuate'
            ? `${own} cannot be reset-and-evacuate: ${why}. Leave it at skip.`
            : `${own} must be skip, not ${clipped(value)}.`,
      },
    ],
  };
  return row(kind, 'skip', `always skip: ${why} (${key})`);
}

const PLACEHOLDER = /\{(id|name)\}/;

/** Without a place for the instance every image of the project would be everybody's snapshot. */
const snapshotName: ValueKind<string> = {
  type: 'a name of images with {id} or {name} for the instance ("*" and "?" stand for any text)',
  schema: v.pipe(asText, v.trim(), v.regex(PLACEHOLDER)),
  show: (value) => value,
  flaws: (value) => [
    {
      path: [],
      at: 'value',
      says: (own) =>
        `${own} must contain {id} or {name}, so that it names one instance's images, not ${clipped(value)}.`,
    },
  ],
};

/** Which states are evacuated and how they end, and what becomes of data on local disks. */
export const STATES_ROWS = {
  'states.paused': stateRule('paused', P.states.paused, 'they end stopped'),
  'states.suspended': stateRule('suspended', P.states.suspended, 'they end stopped'),
  'states.rescued': stateRule('rescued', P.states.rescued, 'they end running from their own disk'),
  'states.resized': skipOnly('resized', UNRESETTABLE.resized),
  'states.shelved': skipOnly('shelved', UNRESETTABLE.shelved),
  'states.shelved_offloaded': skipOnly('shelved_offloaded', UNRESETTABLE.shelved_offloaded),
  'states.building': skipOnly('building', UNRESETTABLE.building),
  'states.migrating': skipOnly('migrating', UNRESETTABLE.migrating),
  'states.start_after': row(
    oneOf('as-it-was', 'never'),
    P.states.startAfter,
    'what runs after its evacuation: what ran before, or nothing (its owner starts it)',
  ),
  'states.stopped_projects': row(
    listOf(text('the id of a project')),
    P.states.stoppedProjects,
    'projects for which states.start_after is never',
  ),
  'storage.kind': row(
    oneOf('shared', 'rbd', 'local'),
    P.storage.kind,
    'where instance disks live; no API tells',
  ),
  'storage.local_disk': row(
    oneOf('skip', 'rebuild', 'restore'),
    P.storage.localDisk,
    'image-backed instances on local storage: leave them; rebuild them from their image and lose their data; or recreate them from their newest snapshot in Glance',
  ),
  'storage.snapshot_max_age': row(
    duration(60_000, 3660 * DAY),
    P.storage.snapshotMaxAgeMs,
    'how old that snapshot may be; without one that is young enough the instance is left',
  ),
  'storage.snapshot_names': row(
    sequenceOf(snapshotName, 'a list of names with {id} or {name}'),
    P.storage.snapshotNames,
    'images with these names are snapshots too, beside those that Nova made (image_type, instance_uuid)',
  ),
} as const;
