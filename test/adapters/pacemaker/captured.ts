import { readFileSync } from 'node:fs';
import { readNodeStates, type NodeState } from '../../../src/adapters/pacemaker/cib.ts';
import { parseXml } from '../../../src/adapters/pacemaker/xml.ts';

/** What a tool of Pacemaker 2.1.5 printed on a real cluster of three members and three remote nodes. */
export const captured = (name: string): string =>
  readFileSync(new URL(`captured/${name}.xml`, import.meta.url), 'utf8');

/** The node states of a captured answer. */
export function capturedStates(name: string): readonly NodeState[] {
  const root = parseXml(captured(name));
  if (root === null) throw new Error(`${name} is no XML`);
  return readNodeStates(root.children);
}
