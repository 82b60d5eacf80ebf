import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');

function filesBelow(directory: string): readonly string[] {
  return readdirSync(join(root, directory), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

/** The specifiers of all static and dynamic imports of a file. */
function importsOf(file: string): readonly string[] {
  const text = textOf(file);
  const found = [
    ...text.matchAll(/\b(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/g),
    ...text.matchAll(/\bimport\s*\(\s*['"]([^'"]+)['"]/g),
    ...text.matchAll(/^import\s+['"]([^'"]+)['"]/gm),
  ];
  return found.map((match) => match[1] ?? '');
}

/** Where an import leads: a file of ours, `node:x`, or a package. */
function targetOf(file: string, specifier: string): string {
  return specifier.startsWith('.')
    ? relative(root, join(root, dirname(file), specifier))
    : specifier;
}

const isOurs = (target: string): boolean =>
  target.startsWith('src/') || target.startsWith('fence-agents/');
const isNode = (target: string): boolean => target.startsWith('node:');

/** Each layer, and what it may import; everything else is forbidden. */
const LAYERS: readonly {
  readonly files: RegExp;
  readonly may: (target: string, file: string) => boolean;
}[] = [
  { files: /^src\/domain\//, may: (to) => to.startsWith('src/domain/') },
  { files: /^src\/engine\//, may: (to) => /^src\/(engine|domain)\//.test(to) },
  {
    files: /^src\/adapters\//,
    may: (to, file) => {
      if (!isOurs(to)) return true;
      if (/^src\/domain\//.test(to) || to === 'src/engine/ports.ts') return true;
      // A folder is one adapter; the loose files are those of this machine (log, clock, processes).
      const folder = /^src\/adapters\/(?:[^/]+\/)?/.exec(file)?.[0] ?? 'none';
      if (to === 'src/adapters/exec.ts') return true;
      return to.startsWith(folder) && !to.slice(folder.length).includes('/');
    },
  },
  {
    files: /^src\/config\//,
    may: (to) =>
      /^src\/(config|domain)\//.test(to) || isNode(to) || to === 'valibot' || to === 'yaml',
  },
  {
    files: /^src\/surfaces\//,
    may: (to) => !isOurs(to) || /^src\/(surfaces|engine|domain|config)\//.test(to),
  },
  {
    files: /^src\/simulator\//,
    may: (to) => /^src\/(simulator|domain)\//.test(to) || isNode(to),
  },
  { files: /^src\/compose(-[a-z]+)*\.ts$/, may: () => true },
  { files: /^src\/version\.ts$/, may: (to) => to === 'package.json' },
  {
    files: /^src\/main\.ts$/,
    may: (to) => !isOurs(to) || /^src\/(compose|surfaces|version)/.test(to),
  },
  {
    files: /^fence-agents\//,
    may: (to) => !isOurs(to) || /^src\/(compose|surfaces)/.test(to),
  },
];

const sources = [...filesBelow('src'), ...filesBelow('fence-agents')];

describe('the layers', () => {
  it('sees the sources', () => {
    expect(sources.length).toBeGreaterThan(100);
    expect(sources.flatMap(importsOf).length).toBeGreaterThan(sources.length);
  });

  it('has every file in a layer, importing only what that layer may', () => {
    const wrong: string[] = [];
    for (const file of sources) {
      const layer = LAYERS.find(({ files }) => files.test(file));
      if (layer === undefined) wrong.push(`${file} belongs to no layer`);
      for (const specifier of importsOf(file)) {
        const target = targetOf(file, specifier);
        if (layer?.may(target, file) === false) wrong.push(`${file} imports ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('keeps clocks, chance, processes and the console out of the core', () => {
    const forbidden =
      /\b(Date|Math\.random|process|console|setTimeout|setInterval|performance|globalThis|crypto|fetch)\b/;
    const wrong = filesBelow('src/domain').filter((file) =>
      forbidden.test(withoutWords(textOf(file))),
    );
    expect(wrong).toEqual([]);
    const engine =
      /\b(Date\.now|new Date|Math\.random|process|console|setTimeout|setInterval|performance)\b/;
    expect(
      filesBelow('src/engine').filter((file) => engine.test(withoutWords(textOf(file)))),
    ).toEqual([]);
  });

  it('has no circle of imports', () => {
    const edges = new Map(
      sources.map((file) => [
        file,
        runtimeImports(file)
          .map((specifier) => targetOf(file, specifier))
          .filter(isOurs),
      ]),
    );
    expect(circles(edges)).toEqual([]);
  });
});

/** Source without comments and texts: only code is looked at. */
function withoutWords(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\/\/.*$/gm, '')
    .replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''")
    .replace(/`(?:[^`\\]|\\.)*`/g, '``');
}

/** Imports that exist at run time: those of types alone make no circle. */
function runtimeImports(file: string): readonly string[] {
  return [
    ...textOf(file).matchAll(
      /^(?:import|export)\s+(?!type\b)([^'";]*?)\bfrom\s*['"]([^'"]+)['"]/gm,
    ),
  ]
    .filter((match) => {
      const names = (match[1] ?? '')
        .replace(/[{}]/g, '')
        .split(',')
        .map((name) => name.trim());
      return names.some((name) => name !== '' && !name.startsWith('type '));
    })
    .map((match) => match[2] ?? '');
}

function circles(edges: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) found.push([...path.slice(at), file].join(' -> '));
    if (at >= 0 || done.has(file)) return;
    for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of edges.keys()) visit(file, []);
  return found;
}

describe('the rooms', () => {
  it('has no file over 300 lines, no function over 60, no factory over 130', () => {
    const wrong: string[] = [];
    for (const file of sources) {
      const lines = textOf(file).split('\n');
      if (lines.length > 301) wrong.push(`${file} has ${String(lines.length)} lines`);
      let start: number | null = null;
      for (const [index, line] of lines.entries()) {
        if (/^(export )?(async )?function\b/.test(line)) start = index;
        if (line === '}' && start !== null) {
          const limit = /function create[A-Z]/.test(lines[start] ?? '') ? 130 : 60;
          // A factory is a bundle of small functions around a few variables.
          if (index - start > limit)
            wrong.push(
              `${file}:${String(start + 1)} is a function of ${String(index - start)} lines`,
            );
          start = null;
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('names files by what they are', () => {
    const vague = /(^|[-/])(utils?|helpers?|managers?|common|misc|stuff)([-./]|$)/;
    expect([...sources, ...filesBelow('test')].filter((file) => vague.test(file))).toEqual([]);
  });

  it('silences no check and skips no test', () => {
    const silenced = new RegExp(
      [
        'eslint-' + 'disable',
        '@ts-' + 'ignore',
        '@ts-' + 'nocheck',
        '\\b(?:it|test|describe)\\.(?:skip|only|todo)\\b',
      ].join('|'),
    );
    const wrong = [...sources, ...filesBelow('test')].filter((file) => silenced.test(textOf(file)));
    expect(wrong).toEqual([]);
  });

  it('waits in tests for conditions, never for time', () => {
    const waits = /\bsetTimeout\s*\(|(?<!\.)\bsleep\s*\(\s*\d/;
    const wrong = filesBelow('test').filter(
      (file) => file.endsWith('.test.ts') && waits.test(withoutWords(textOf(file))),
    );
    expect(wrong).toEqual([]);
  });
});
