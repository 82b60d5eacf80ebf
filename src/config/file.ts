import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Pair,
  type YAMLError,
} from 'yaml';
import { didYouMean } from '../domain/nearest.ts';
import { AS_WRITTEN } from './as-written.ts';
import { showOrigin, type Given, type Origin } from './origin.ts';
import { KEYS } from './table.ts';

/** What a configuration file gives, with everything that is wrong about its shape. */
export interface FileContent {
  readonly given: readonly Given[];
  readonly problems: readonly string[];
}

interface Walk {
  readonly document: Document;
  readonly lines: LineCounter;
  readonly file: string;
  readonly given: Given[];
  readonly problems: string[];
  /** The keys that were met; `pace.in_flight: 1` is another way to write `pace: {in_flight: 1}`. */
  readonly seen: Set<string>;
}

/**
 * Reads a configuration file (YAML 1.2) into keys and values, each with its line and column. Unknown
 * keys, keys given twice and sections that are none are named as problems; values are not checked.
 */
export function readConfigFile(file: string, source: string): FileContent {
  // Node puts U+FFFD where bytes are no UTF-8; nobody writes it, nor NUL, into a configuration.
  if (/[\0\ufffd]/.test(source)) {
    const problem = `${file}: this is no text in UTF-8: a binary file, or another encoding; write it anew.`;
    return { given: [], problems: [problem] };
  }
  const lines = new LineCounter();
  const document = parseDocument(source, {
    ...AS_WRITTEN,
    lineCounter: lines,
    prettyErrors: false,
  });
  const walk: Walk = { document, lines, file, given: [], problems: [], seen: new Set() };
  const told = new Set<string>();
  for (const error of document.errors) {
    const place = placeOf(walk, error.pos[0]);
    // What follows from a mistake at the same place says nothing more.
    if (!told.has(place)) walk.problems.push(`${place}: ${wordsFor(error, source)}.`);
    told.add(place);
  }
  if (walk.problems.length > 0) return walk;
  const root: unknown = document.contents;
  if (isMap(root)) walkSection(walk, '', root.items);
  else if (root !== null && !(isScalar(root) && root.value === null))
    walk.problems.push(`${file}: the file must hold keys with values, such as "cloud: mycloud".`);
  return walk;
}

/** What the parser found, in the words of somebody who writes a file, with the way to mend it. */
function wordsFor(
  { code, message, pos: [start] }: Pick<YAMLError, 'code' | 'message' | 'pos'>,
  source: string,
): string {
  switch (code) {
    case 'DUPLICATE_KEY': {
      const name = /^["']?([^\s"':{}[\],]+)/.exec(source.slice(start))?.[1] ?? 'a key';
      return `${name} is given twice; remove one of them`;
    }
    case 'MULTIPLE_DOCS':
      return 'another document begins here (---), and only one is read; make one of them';
    case 'TAB_AS_INDENT':
      return 'this line is indented with a tab; use blanks';
    case 'BAD_INDENT':
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY':
      return `this is not valid YAML: ${sentence(message)}; indent the line like those around it`;
    default:
      return `this is not valid YAML: ${sentence(message)}`;
  }
}

const sentence = (message: string): string => message.replace(/\s+/g, ' ').replace(/\.$/, '');

function walkSection(walk: Walk, prefix: string, items: readonly Pair[]): void {
  const sections = new Set<string>();
  for (const { key, value } of items) {
    const offset = offsetOf(key);
    const name = isScalar(key) ? String(key.value).replaceAll('-', '_') : '?';
    const path = `${prefix}${name}`;
    if (sections.has(name) || walk.seen.has(path)) {
      walk.problems.push(`${placeOf(walk, offset)}: ${path} is given twice; remove one of them.`);
      continue;
    }
    sections.add(name);
    if (isLeaf(path)) walk.seen.add(path);
    walkEntry(walk, { path, name, prefix, offset, value });
  }
}

const isLeaf = (path: string): boolean => (KEYS as readonly string[]).includes(path);

interface Entry {
  readonly path: string;
  readonly name: string;
  readonly prefix: string;
  readonly offset: number;
  readonly value: unknown;
}

function walkEntry(walk: Walk, { path, name, prefix, offset, value }: Entry): void {
  const resolved: unknown = isAlias(value) ? value.resolve(walk.document) : value;
  if (isLeaf(path)) {
    // A leaf: whatever stands there goes to the check of its value.
    const plain = isNode(resolved) ? plainOf(resolved, walk.document) : null;
    const origin = originAt(walk, resolved === null ? offset : offsetOf(value, offset));
    if (plain === ENDLESS)
      walk.problems.push(
        `${showOrigin(origin)}: ${path} refers to itself, or to very many other values; write it out.`,
      );
    else if (plain === null)
      walk.problems.push(
        `${showOrigin(origin)}: ${path} has no value; give one or remove the line.`,
      );
    else {
      const locate: Given['locate'] = (parts, at) =>
        placeInside(walk, { value, parts, at, offset });
      walk.given.push({ key: path, value: plain, origin, locate });
    }
    return;
  }
  const section = `${path}.`;
  if (!KEYS.some((key) => key.startsWith(section))) {
    walk.problems.push(`${placeOf(walk, offset)}: unknown key "${path}".${hint(prefix, name)}`);
  } else if (isMap(resolved)) {
    walkSection(walk, section, resolved.items);
  } else if (resolved !== null && !(isScalar(resolved) && resolved.value === null)) {
    const first = KEYS.find((key) => key.startsWith(section))?.slice(section.length) ?? '';
    walk.problems.push(
      `${placeOf(walk, offset)}: "${path}" is a section; it needs keys below it, such as "${first}: …".`,
    );
  }
}

/** The place of a part of a value: of its name, or of what stands there. */
function placeInside(
  walk: Walk,
  wanted: {
    readonly value: unknown;
    readonly parts: readonly (string | number)[];
    readonly at: 'name' | 'value';
    readonly offset: number;
  },
): Origin {
  let node = wanted.value;
  let offset = offsetOf(node, wanted.offset);
  for (const [depth, part] of wanted.parts.entries()) {
    const inside: unknown = isAlias(node) ? node.resolve(walk.document) : node;
    if (isSeq(inside) && typeof part === 'number') node = inside.items[part];
    else if (isMap(inside)) {
      const pair = inside.items.find(({ key }) => isScalar(key) && String(key.value) === part);
      const isLast = depth === wanted.parts.length - 1;
      if (isLast && wanted.at === 'name') return originAt(walk, offsetOf(pair?.key, offset));
      node = pair?.value;
    } else break;
    offset = offsetOf(node, offset);
  }
  return originAt(walk, offset);
}

interface Plain {
  toJS(document: Document): unknown;
}

const ENDLESS = Symbol('endless');

/** The value without nodes; aliases that go in a circle, or multiply, have none that could be shown. */
function plainOf(node: Plain, document: Document): unknown {
  try {
    const plain = node.toJS(document);
    JSON.stringify(plain);
    return plain;
  } catch {
    return ENDLESS;
  }
}

const isNode = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && 'toJS' in value;

/** The nearest names in the same section, else the places where the name does exist. */
function hint(prefix: string, name: string): string {
  const depth = prefix.length;
  const siblings = new Set(
    KEYS.filter((key) => key.startsWith(prefix)).map((key) => key.slice(depth).split('.')[0] ?? ''),
  );
  const near = didYouMean(name, siblings);
  if (near !== null) return ` ${near}`;
  const elsewhere = KEYS.filter((key) => key.split('.').includes(name)).slice(0, 2);
  if (elsewhere.length > 0) return ` Did you mean "${elsewhere.join('" or "')}"?`;
  return ` ${prefix === '' ? 'At the top there may be' : `In "${prefix.slice(0, -1)}" there may be`}: ${[...siblings].join(', ')}.`;
}

const offsetOf = (node: unknown, fallback = 0): number => {
  if (typeof node !== 'object' || node === null || !('range' in node)) return fallback;
  const range = node.range as readonly number[] | null | undefined;
  return range?.[0] ?? fallback;
};

function originAt(walk: Walk, offset: number): Origin {
  const { line, col } = walk.lines.linePos(offset);
  return { from: 'file', file: walk.file, line, column: col };
}

const placeOf = (walk: Walk, offset: number): string => showOrigin(originAt(walk, offset));
