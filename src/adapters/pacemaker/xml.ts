import { XMLParser } from 'fast-xml-parser';

/** An element of an XML text, reduced to what Pacemaker's tools use: no text, no namespaces. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
}

const ATTRIBUTES = ':@';

// Order is kept because the fencing history is told newest first. Entities are left alone by the
// parser (no expansion bombs) and the five predefined ones are read here.
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  processEntities: false,
  parseAttributeValue: false,
  parseTagValue: false,
  trimValues: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
});

/** Parses an XML text to its root element; null when it is no XML, or was cut off. */
export function parseXml(text: string): Element | null {
  const [root, ...others] = elementsOf(parse(text));
  if (root === undefined || others.length > 0) return null;
  // The parser takes unfinished texts for finished ones; only whole ones end with the root's end.
  const end = text.trimEnd();
  const whole =
    end.endsWith(`</${root.name}>`) || (root.children.length === 0 && end.endsWith('/>'));
  return whole ? root : null;
}

function parse(text: string): unknown {
  try {
    return parser.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** All elements of a name, the element itself included, in document order. */
export function findAll(element: Element, name: string): readonly Element[] {
  const below = element.children.flatMap((child) => findAll(child, name));
  return element.name === name ? [element, ...below] : below;
}

/** The text as it must stand between the quotes of an attribute. */
export const escapeAttribute = (text: string): string =>
  text.replace(/[&<>"'\n\r\t]/g, (character) => `&#${String(character.codePointAt(0))};`);

function elementsOf(nodes: unknown): readonly Element[] {
  if (!Array.isArray(nodes)) return [];
  return nodes.flatMap((node: unknown) => {
    if (typeof node !== 'object' || node === null) return [];
    const fields = node as Readonly<Record<string, unknown>>;
    const name = Object.keys(fields).find((key) => key !== ATTRIBUTES && key !== '#text');
    if (name === undefined) return [];
    return [
      { name, attributes: attributesOf(fields[ATTRIBUTES]), children: elementsOf(fields[name]) },
    ];
  });
}

function attributesOf(raw: unknown): Readonly<Record<string, string>> {
  if (typeof raw !== 'object' || raw === null) return {};
  return Object.fromEntries(
    Object.entries(raw).map(([key, value]) => [
      key,
      typeof value === 'string' ? readEntities(value) : '',
    ]),
  );
}

const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

function readEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-fA-F]{1,6})|(\w+));/g, (whole, ...groups) => {
    const [decimal, hex, name] = groups as (string | undefined)[];
    if (name !== undefined) return NAMED[name] ?? whole;
    const point = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}
