import * as v from 'valibot';
import type { Conditions } from '../domain/selection.ts';
import { SELECT_ALL } from '../domain/selection.ts';
import { row } from './row.ts';
import { mapOf, objectOf, restricted, sequenceOf } from './structures.ts';
import { asText, oneOf, text, type ValueKind } from './values.ts';

/** A rule as it is written: its conditions stand under what it does. */
export interface RuleSetting {
  readonly name: string | null;
  readonly include: ConditionSetting | null;
  readonly exclude: ConditionSetting | null;
}

/** The conditions of a rule under the names of the configuration. */
export interface ConditionSetting {
  readonly project: Conditions['project'];
  readonly name: Conditions['name'];
  readonly server_tag: Conditions['serverTag'];
  readonly metadata: Conditions['metadata'];
  readonly image_tag: Conditions['imageTag'];
  readonly image_property: Conditions['imageProperty'];
  readonly flavor: Conditions['flavor'];
  readonly flavor_spec: Conditions['flavorSpec'];
  readonly aggregate: Conditions['aggregate'];
  readonly aggregate_metadata: Conditions['aggregateMetadata'];
}

/** One text, or a list of texts; the list may be empty. */
export const texts = (what: string): ValueKind<readonly string[]> => ({
  type: `${what}, or a list of them`,
  schema: v.pipe(
    v.union([v.array(asText), v.pipe(asText, v.transform(commaSeparated))]),
    v.array(v.pipe(v.string(), v.trim(), v.minLength(1))),
  ),
  show: (values) => `[${values.join(', ')}]`,
});

const commaSeparated = (written: string): readonly string[] =>
  written === '' || written === '[]' ? [] : written.split(',').map((entry) => entry.trim());

/** A value of metadata; `true` without quotes is a boolean in YAML and a text in Nova. */
const metadatum: ValueKind<string> = {
  type: 'a text, a number, true or false',
  schema: v.union([asText, v.pipe(v.boolean(), v.transform(String))]),
  show: (value) => value,
};

const pairs = (what: string): ValueKind<Readonly<Record<string, string>>> =>
  mapOf({ name: text(), value: metadatum }, { type: `a map of ${what}` });

const isGiven = (condition: object): boolean => Object.keys(condition).length > 0;

const conditions = restricted(
  objectOf<ConditionSetting>({
    type: 'conditions (project, name, server_tag, metadata, image_tag, image_property, flavor, flavor_spec, aggregate, aggregate_metadata)',
    fields: {
      project: { kind: texts('the id of a project'), fallback: [] },
      name: { kind: texts('a pattern of instance names'), fallback: [] },
      server_tag: { kind: texts('a server tag'), fallback: [] },
      metadata: { kind: pairs('metadata of the instance'), fallback: {} },
      image_tag: { kind: texts('a tag of the image'), fallback: [] },
      image_property: { kind: pairs('properties of the image'), fallback: {} },
      flavor: { kind: texts('a pattern of flavor names'), fallback: [] },
      flavor_spec: { kind: pairs('extra specs of the flavor'), fallback: {} },
      aggregate: { kind: texts('a pattern of names of aggregates'), fallback: [] },
      aggregate_metadata: { kind: pairs('metadata of an aggregate'), fallback: {} },
    },
    show: (value) =>
      `{${Object.entries(value as unknown as Readonly<Record<string, object>>)
        .filter(([, condition]) => isGiven(condition))
        .map(([name, condition]) => `${name}: ${JSON.stringify(condition)}`)
        .join(', ')}}`,
  }),
  (value) =>
    Object.values(value).some(isGiven)
      ? null
      : 'needs a condition; for all instances write name: "*"',
);

const rule = restricted(
  objectOf<RuleSetting>({
    type: 'a rule (include or exclude; name)',
    fields: {
      name: { kind: text(), fallback: null },
      include: { kind: conditions, fallback: null },
      exclude: { kind: conditions, fallback: null },
    },
    show: ({ name, include, exclude }) => {
      const what =
        include === null
          ? `exclude: ${exclude === null ? '{}' : conditions.show(exclude)}`
          : `include: ${conditions.show(include)}`;
      return name === null ? `{${what}}` : `{name: ${name}, ${what}}`;
    },
  }),
  ({ include, exclude }) =>
    (include === null) === (exclude === null) ? 'needs either include or exclude' : null,
);

/** Which instances are evacuated. */
export const SELECT_ROWS = {
  'select.mode': row(
    oneOf('all', 'tagged', 'tagged-or-all'),
    SELECT_ALL.mode,
    'what holds where no rule matches; tagged-or-all: when nothing in the region is tagged, everything (as fence_compute and InstanceHA do)',
  ),
  'select.hosts': row(
    oneOf('all', 'tagged'),
    SELECT_ALL.hosts,
    'tagged: only hosts in an aggregate that is tagged; when none is, nobody is evacuated',
  ),
  'select.image_tags': row(
    texts('a key'),
    SELECT_ALL.tags.image,
    'an instance is tagged when its image has one of these as a tag, or as a property that is true',
  ),
  'select.flavor_tags': row(
    texts('a key'),
    SELECT_ALL.tags.flavor,
    'the same for extra specs of its flavor that are true',
  ),
  'select.aggregate_tags': row(
    texts('a key'),
    SELECT_ALL.tags.aggregate,
    'the same for metadata of an aggregate of its host that is true',
  ),
  'select.metadata_tags': row(
    texts('a key'),
    SELECT_ALL.tags.metadata,
    'the same for its own metadata, which its owner writes (HA_Enabled is the key of Masakari)',
  ),
  'select.server_tags': row(
    texts('a tag'),
    SELECT_ALL.tags.server,
    'the same for its server tags, which its owner writes',
  ),
  'select.rules': row(
    sequenceOf(rule, 'a list of rules, each with include or exclude'),
    [],
    'include or exclude instances by project, name, tags and metadata; the first rule whose conditions all hold decides',
  ),
} as const;
