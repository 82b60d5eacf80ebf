import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hostOf, nodeOf, type Names } from '../../../src/adapters/pacemaker/nodes.ts';

const found = (name: string): unknown => ({ kind: 'found', name });
const none = { kind: 'none' };

describe('the node of a host', () => {
  test.each<[string, string, Names, unknown]>([
    ['the same name', 'c1', { nodes: ['c1', 'c2'], hosts: null }, found('c1')],
    ['another case', 'C1', { nodes: ['c1'], hosts: null }, found('c1')],
    ['short for full', 'c1.example.com', { nodes: ['c1', 'c2'], hosts: null }, found('c1')],
    ['full for short', 'c1', { nodes: ['c1.example.com'], hosts: null }, found('c1.example.com')],
    ['two full names are two machines', 'c1.a', { nodes: ['c1.b'], hosts: null }, none],
    ['a longer name is another one', 'c1', { nodes: ['c10'], hosts: null }, none],
    ['exact before short', 'c1', { nodes: ['c1.a', 'c1'], hosts: null }, found('c1')],
    [
      'the map before all',
      'c1',
      { nodes: ['c1', 'x7'], hosts: null, explicit: { c1: 'x7' } },
      found('x7'),
    ],
    [
      'a node that is mapped to another host is taken',
      'c1.a',
      { nodes: ['c1'], hosts: null, explicit: { other: 'c1' } },
      none,
    ],
    [
      'a node that belongs to another host by its name',
      'c1.example.com',
      { nodes: ['c1'], hosts: ['c1.example.com', 'c2'] },
      found('c1'),
    ],
  ])('%s', (_, host, names, expected) => {
    expect(nodeOf(host, names)).toEqual(expected);
  });

  test('two nodes of one short name: nobody guesses', () => {
    const match = nodeOf('c1', { nodes: ['c1.a', 'c1.b'], hosts: null });
    expect(match).toMatchObject({ kind: 'ambiguous' });
    expect(JSON.stringify(match)).toContain('c1.a, c1.b');
    expect(JSON.stringify(match)).toContain('pacemaker.nodes');
  });

  test('a node that fits two hosts is nobody’s', () => {
    const hosts = ['c1', 'c1.example.com'];
    expect(nodeOf('c1', { nodes: ['c1'], hosts })).toEqual(found('c1'));
    expect(nodeOf('c1.example.com', { nodes: ['c1'], hosts }).kind).toBe('ambiguous');
    const others = ['c1.a', 'c1.b'];
    expect(nodeOf('c1.a', { nodes: ['c1'], hosts: others }).kind).toBe('ambiguous');
    const names = { nodes: ['c1'], hosts: others, explicit: { 'c1.a': 'c1' } };
    expect(nodeOf('c1.a', names)).toEqual(found('c1'));
    expect(nodeOf('c1.b', names)).toEqual(none);
  });
});

const label = fc.constantFrom('c1', 'c2', 'C1', 'c10');
const name = fc.oneof(
  label,
  fc.tuple(label, fc.constantFrom('a', 'b')).map((parts) => parts.join('.')),
);
const names = fc.record({
  // Two nodes never differ by case alone: Pacemaker would take them for one.
  nodes: fc.uniqueArray(name, { maxLength: 6, selector: (one) => one.toLowerCase() }),
  hosts: fc.uniqueArray(name, { minLength: 1, maxLength: 6 }),
});

test('no node is ever the node of two hosts, none is taken for a stranger', () => {
  fc.assert(
    fc.property(names, ({ nodes, hosts }) => {
      const partners = new Map<string, string>();
      for (const host of hosts) {
        const match = nodeOf(host, { nodes, hosts });
        if (match.kind !== 'found') continue;
        expect(nodes).toContain(match.name);
        expect(partners.get(match.name)).toBeUndefined();
        partners.set(match.name, host);
      }
    }),
    { numRuns: 500 },
  );
});

test('host and node lead back to each other', () => {
  fc.assert(
    fc.property(names, ({ nodes, hosts }) => {
      for (const node of nodes) {
        const match = hostOf(node, { nodes, hosts });
        if (match.kind !== 'found') continue;
        expect(nodeOf(match.name, { nodes, hosts })).toEqual(found(node));
      }
    }),
    { numRuns: 500 },
  );
});
