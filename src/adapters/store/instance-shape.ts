import type { Progress, Tracked } from '../../domain/evacuation.ts';
import type { HostName } from '../../domain/ids.ts';
import type { KeptOrder } from '../../domain/order.ts';
import { CATALOGUE, type Reason, type ReasonCode } from '../../domain/reason.ts';
import type { Restore } from '../../domain/storage.ts';
import {
  list,
  nullable,
  number,
  object,
  oneOf,
  optional,
  table,
  text,
  truth,
  variant,
  type Shape,
} from './shape.ts';

const host = text<HostName>();

/** A reason with its values. */
export const reason = object<Reason>({
  code: oneOf(Object.keys(CATALOGUE) as ReasonCode[]),
  values: table(text()),
});

/** A sign that is either set or left out. */
export const isTrue: Shape<true> = (value) => (value === true ? null : ': expected true');

/** A case of the union of progresses, by its name. */
type At<Name extends Progress['at']> = Extract<Progress, { readonly at: Name }>;

const at = <Name extends Progress['at']>(name: Name): Shape<Name> => oneOf([name]);

const progress = variant<Progress, 'at'>('at', {
  pending: object<At<'pending'>>({
    at: at('pending'),
    attempt: number,
    after: number,
    notBefore: number,
    why: nullable(reason),
  }),
  skipped: object<At<'skipped'>>({ at: at('skipped'), why: reason }),
  resetting: object<At<'resetting'>>({
    at: at('resetting'),
    attempt: number,
    after: number,
    since: number,
  }),
  intended: object<At<'intended'>>({
    at: at('intended'),
    attempt: number,
    since: number,
    after: number,
  }),
  accepted: object<At<'accepted'>>({
    at: at('accepted'),
    attempt: number,
    since: number,
    after: number,
    migration: nullable(number),
    destination: nullable(host),
    looked: number,
    begun: optional(number),
    heard: optional(isTrue),
  }),
  arrived: object<At<'arrived'>>({
    at: at('arrived'),
    attempt: number,
    since: number,
    after: number,
    migration: number,
    destination: nullable(host),
    createdAt: text(),
  }),
  recreating: object<At<'recreating'>>({
    at: at('recreating'),
    since: number,
    destination: host,
    tries: number,
    sent: nullable(number),
    notBefore: number,
    createdAt: text(),
  }),
  restoring: object<At<'restoring'>>({
    at: at('restoring'),
    since: number,
    destination: host,
    tries: number,
    recreated: optional(isTrue),
  }),
  landed: object<At<'landed'>>({
    at: at('landed'),
    destination: host,
    since: number,
    restored: oneOf(['as-it-was', 'stopped', 'failed']),
    recreated: optional(isTrue),
  }),
  gone: object<At<'gone'>>({ at: at('gone') }),
  failed: object<At<'failed'>>({ at: at('failed'), attempt: number, why: reason }),
  stuck: object<At<'stuck'>>({
    at: at('stuck'),
    attempt: number,
    since: number,
    after: number,
    migration: nullable(number),
    destination: nullable(host),
    why: reason,
  }),
});

/** One instance of a record. */
export const trackedInstance = object<Tracked>({
  name: text(),
  projectId: text(),
  before: object<Tracked['before']>({
    vmState: text(),
    taskState: nullable(text()),
    powerState: number,
    locked: truth,
  }),
  exclusiveGroup: nullable(text()),
  order: optional(
    object<KeptOrder>({
      priority: number,
      group: nullable(text()),
      from: optional(list(text())),
    }),
  ),
  reset: optional(isTrue),
  stop: optional(isTrue),
  restore: optional(
    object<Restore>({ image: text(), name: text(), takenAt: number, from: nullable(text()) }),
  ),
  aimed: optional(object<NonNullable<Tracked['aimed']>>({ at: host, over: truth })),
  left: optional(
    object<NonNullable<Tracked['left']>>({
      since: number,
      rows: list(number),
      on: list(host),
      repeated: optional(isTrue),
    }),
  ),
  progress,
});
