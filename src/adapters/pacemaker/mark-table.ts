import { mapKnown, type Known } from '../../domain/known.ts';
import { refused, uncertain, type WriteOutcome } from '../../domain/outcome.ts';
import type { Cib } from './cib.ts';
import { coalesced } from './coalesced.ts';
import type { Membership } from './membership.ts';
import { escapeAttribute } from './xml.ts';

/** Texts by name, kept where Pacemaker keeps its own configuration. */
export interface MarkTable {
  /** Every entry, as it is now. */
  read(): Promise<Known<ReadonlyMap<string, string>>>;
  /** Replaces `from` (null: no entry) by `to`; refused with `wrong-state` when something else is there. */
  swap(name: string, from: string | null, to: string): Promise<WriteOutcome<null>>;
}

/** The id of our set of properties in the CIB's `crm_config`. */
export const SET_ID = 'nova-ha';

/** What the names of our entries begin with: the marks, and the one that holds the switches. */
export type EntryPrefix = 'mark-' | 'switch-';

const SET = `//crm_config/cluster_property_set[@id='${SET_ID}']`;

/**
 * A table in a property set of our own in the CIB (`crm_config`): on every member's disk, replicated,
 * kept over the loss of any node and a restart of the whole cluster, and untouched by what Pacemaker
 * erases when a remote node goes or comes. Pacemaker ignores names that it does not know; the entries
 * can be read with `crm_attribute -t crm_config -s nova-ha -n mark-HOST -G`.
 *
 * Pacemaker takes changes of the CIB without quorum too, and when the parts of the cluster meet again
 * the whole CIB with the higher epoch wins (seen on 2.1.5): a write on the losing side can wipe out
 * marks of the other one. So nothing is written without quorum, and a write during which the quorum
 * was lost counts as uncertain.
 */
export function createMarkTable(deps: {
  readonly cib: Cib;
  readonly membership: Pick<Membership, 'quorum'>;
  readonly prefix?: EntryPrefix;
}): MarkTable {
  const { cib, membership, prefix = 'mark-' } = deps;
  const idOf = (name: string): string => `${SET_ID}-${prefix}${name}`;
  const pair = (name: string, value: string): string =>
    `<nvpair id="${idOf(name)}" name="${prefix}${name}" value="${escapeAttribute(value)}"/>`;
  const read = coalesced(async (): ReturnType<MarkTable['read']> => {
    const sets = await cib.query(SET);
    return mapKnown(
      sets,
      (elements) =>
        new Map(
          elements
            .flatMap(({ children }) => children)
            .flatMap(({ name, attributes }) => {
              const key = attributes['name'] ?? '';
              return name === 'nvpair' && key.startsWith(prefix)
                ? [[key.slice(prefix.length), attributes['value'] ?? ''] as const]
                : [];
            }),
        ),
    );
  });

  const insert = (name: string, to: string): Promise<WriteOutcome<null>> => {
    const free = `${SET.slice(0, -1)} and not(nvpair[@id='${idOf(name)}'])]`;
    return cib.modify(
      free,
      `<cluster_property_set id="${SET_ID}">${pair(name, to)}</cluster_property_set>`,
    );
  };

  const change = async (
    name: string,
    from: string | null,
    to: string,
  ): Promise<WriteOutcome<null>> => {
    if (!/^[A-Za-z0-9._-]+$/.test(name))
      return refused('bad-request', `no entry can be named ${name}`);
    if (from !== null) {
      const old = quoted(from);
      if (old === null) return refused('bad-request', damagedEntry(`${prefix}${name}`));
      const entry = `${SET}/nvpair[@id='${idOf(name)}' and @value=${old}]`;
      return cib.modify(entry, `<nvpair id="${idOf(name)}" value="${escapeAttribute(to)}"/>`);
    }
    const first = await insert(name, to);
    if (first.kind !== 'refused' || first.refusal.cause !== 'wrong-state') return first;
    // Either somebody was faster, or there is no set yet: make sure of that, and ask once more.
    const made = await cib.ensure('crm_config', `<cluster_property_set id="${SET_ID}"/>`);
    return made.kind === 'applied' ? insert(name, to) : made;
  };

  const swap: MarkTable['swap'] = async (name, from, to) => {
    const before = await membership.quorum();
    if (before.kind === 'unknown') return refused('not-sent', before.why);
    if (!before.value) return refused('not-sent', NO_QUORUM);
    const outcome = await change(name, from, to);
    if (outcome.kind !== 'applied') return outcome;
    const after = await membership.quorum();
    return after.kind === 'known' && after.value ? outcome : uncertain(NO_QUORUM);
  };

  return { read, swap };
}

const NO_QUORUM =
  'this part of the cluster has no quorum: what is written here may be lost, or wipe out what the other part writes';

// XPath 1.0 has no escapes: a text with both kinds of quotes cannot be written.
function quoted(text: string): string | null {
  if (!text.includes("'")) return `'${text}'`;
  return text.includes('"') ? null : `"${text}"`;
}

const damagedEntry = (name: string): string =>
  `the entry ${name} in the set ${SET_ID} of the CIB was not written by nova-ha; delete it: ` +
  `crm_attribute -t crm_config -s ${SET_ID} -n ${name} -D`;
