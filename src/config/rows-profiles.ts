import { PROFILE_SECTIONS } from '../domain/profile.ts';
import { row, type Row } from './row.ts';
import { texts } from './rows-select.ts';
import { mapOf, objectOf, sequenceOf, someOf } from './structures.ts';
import { text, type ValueKind } from './values.ts';

/** What a profile overrides: values by key, as in the general configuration. */
export type Overrides = Readonly<Record<string, unknown>>;

/** Which hosts have a profile, as it is written. */
export interface AssignSetting {
  readonly profile: string;
  readonly host: readonly string[];
  readonly zone: readonly string[];
  readonly aggregate: readonly string[];
}

/** Rows whose types are forgotten. */
export type Rows = Readonly<Record<string, Row<unknown>>>;

/** The keys of one section without its name, and what each takes. */
function sectionOf(rows: Rows, section: string): ValueKind<unknown> {
  const mine = Object.entries(rows).filter(([key]) => key.startsWith(`${section}.`));
  const kinds = mine.map(([key, { kind }]) => [key.slice(section.length + 1), kind] as const);
  const kind = someOf(Object.fromEntries(kinds), `keys of the section ${section}`);
  return kind as ValueKind<unknown>;
}

/**
 * The rows of profiles: each takes the keys of the sections that concern one host, made from the
 * general rows, so that a key means the same in both places.
 */
export function profileRows(rows: Rows) {
  const sections = PROFILE_SECTIONS.map((name) => [name, sectionOf(rows, name)] as const);
  const profile = someOf(
    Object.fromEntries(sections),
    `sections of a profile (${PROFILE_SECTIONS.join(', ')})`,
  );
  const assign = objectOf<AssignSetting>({
    type: 'an assignment (profile; host, zone, aggregate)',
    fields: {
      profile: { kind: text('the name of a profile') },
      host: { kind: texts('a pattern of host names'), fallback: [] },
      zone: { kind: texts('a pattern of availability zones'), fallback: [] },
      aggregate: { kind: texts('a pattern of names of aggregates'), fallback: [] },
    },
    show: ({ profile: name, ...when }) =>
      `{profile: ${name}${Object.entries(when)
        .filter(([, patterns]) => patterns.length > 0)
        .map(([key, patterns]) => `, ${key}: [${patterns.join(', ')}]`)
        .join('')}}`,
  });
  return {
    profiles: row(
      mapOf({ name: text('a name'), value: profile }, { type: 'profiles by name' }),
      {},
      `named policies for some hosts: other values in the sections ${PROFILE_SECTIONS.join(', ')}`,
    ),
    assign: row(
      sequenceOf(assign, 'a list of assignments'),
      [],
      'which hosts have which profile, by patterns of host, zone and aggregate; the first that matches; the others have none',
    ),
  } as const;
}

/** The overrides of a profile by full key, such as `select.mode`. */
export const flatten = (profile: Overrides): Overrides =>
  Object.fromEntries(
    Object.entries(profile).flatMap(([section, values]) =>
      Object.entries(values as Overrides).map(([key, value]) => [`${section}.${key}`, value]),
    ),
  );
