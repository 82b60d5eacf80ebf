import { known, unknown } from '../../src/domain/known.ts';
import { applied, refused } from '../../src/domain/outcome.ts';
import type { NodeAttributes, SharedTable } from '../../src/adapters/store/pacemaker-ports.ts';

/** What the members of a cluster share, without a cluster: a table and node attributes. */
export interface FakeCluster {
  readonly table: SharedTable;
  readonly switches: SharedTable;
  /** The attributes as a member sees them. */
  attributesOn(node: string): NodeAttributes;
  readonly texts: Map<string, string>;
  readonly switchTexts: Map<string, string>;
  /** Attribute values by `name` and node. */
  readonly values: Map<string, Map<string, string>>;
  /** What the next calls meet; null: all is well. */
  trouble: 'away' | 'no-quorum' | null;
}

/** A cluster in memory that behaves as the real one was seen to: compare-and-set, no quorum, away. */
export function createFakeCluster(): FakeCluster {
  const texts = new Map<string, string>();
  const switchTexts = new Map<string, string>();
  const values = new Map<string, Map<string, string>>();
  const cluster: FakeCluster = {
    texts,
    switchTexts,
    values,
    trouble: null,
    table: tableOf(texts, () => cluster.trouble),
    switches: tableOf(switchTexts, () => cluster.trouble),
    attributesOn: (node) => ({
      all: (name) =>
        Promise.resolve(
          cluster.trouble === 'away'
            ? unknown('Pacemaker is away')
            : known(new Map(values.get(name) ?? []), 1),
        ),
      set: (name, value, target = node) => {
        if (cluster.trouble === 'away') {
          return Promise.resolve(refused('not-sent', 'Pacemaker is away'));
        }
        const all = values.get(name) ?? new Map<string, string>();
        values.set(name, all.set(target, value));
        return Promise.resolve(applied(null));
      },
      here: () =>
        Promise.resolve(
          cluster.trouble === 'away'
            ? unknown('Pacemaker is away')
            : known({ node, quorum: cluster.trouble === null }, 1),
        ),
    }),
  };
  return cluster;
}

function tableOf(
  texts: Map<string, string>,
  troubleNow: () => FakeCluster['trouble'],
): SharedTable {
  return {
    read: () =>
      Promise.resolve(
        troubleNow() === 'away' ? unknown('Pacemaker is away') : known(new Map(texts), 1),
      ),
    swap: (name, from, to) => {
      if (troubleNow() !== null) return Promise.resolve(refused('not-sent', 'Pacemaker is away'));
      if ((texts.get(name) ?? null) !== from) {
        return Promise.resolve(refused('wrong-state', 'somebody was faster'));
      }
      texts.set(name, to);
      return Promise.resolve(applied(null));
    },
  };
}
