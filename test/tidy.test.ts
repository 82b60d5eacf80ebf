import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandNames } from '../scripts/reference.ts';
import { loadConfig } from '../src/config/load.ts';
import { CATALOGUE } from '../src/domain/reason.ts';

const root = resolve(import.meta.dirname, '..');
const MADE = new Set(['node_modules', 'dist', 'coverage', '.git', '.stack']);

/** Every file of the repository, without what is made. */
function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    if (MADE.has(entry.name)) return [];
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() ? [relative(root, path)] : [];
  });
}

const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

interface Package {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const files = filesBelow(root);
const pages = files.filter((file) => file.endsWith('.md'));
const manifest = JSON.parse(textOf('package.json')) as Package;

/** A page without its code: what is prose in it. */
const prose = (text: string): string => text.replace(/^```[^]*?^```$/gm, '');

/** What a page shows as code, in blocks and in lines. */
const codeOf = (text: string): readonly string[] =>
  [...text.matchAll(/^```sh$([^]*?)^```$/gm), ...prose(text).matchAll(/`([^`\n]+)`/g)].map(
    (match) => match[1] ?? '',
  );

describe('the repository', () => {
  it('names no directory of one machine and no registry', () => {
    // Put together, so that this file does not name them either.
    const forbidden = [
      ...['work', 'root', 'farm'].map((name) => `/${name}/`),
      ['registry', 'npmjs'].join('.'),
      ['deb', 'debian', 'org'].join('.'),
      ['pypi', 'org'].join('.'),
    ];
    const wrong = files.flatMap((file) => {
      const text = textOf(file);
      return forbidden.filter((word) => text.includes(word)).map((word) => `${file}: ${word}`);
    });
    expect(wrong).toEqual([]);
  });

  it('locks versions without the addresses of a registry', () => {
    const lock = JSON.parse(textOf('package-lock.json')) as {
      readonly packages: Readonly<Record<string, object>>;
    };
    expect(Object.values(lock.packages).filter((one) => Object.hasOwn(one, 'resolved'))).toEqual(
      [],
    );
  });

  it('pins every dependency to one version', () => {
    const all = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it('has an unreleased part in its changelog', () => {
    expect(textOf('CHANGELOG.md')).toMatch(/^## \[Unreleased\]\n\n### \w+\n\n- /m);
  });
});

describe('the pages', () => {
  it.each(pages)('%s has one heading of the first level and links that lead somewhere', (page) => {
    const text = prose(textOf(page));
    expect(text.match(/^# /gm)).toHaveLength(1);
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map((match) => match[1] ?? '');
    expect(links.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([]);
  });

  it.each(pages)('%s names only scripts of package.json', (page) => {
    const named = codeOf(textOf(page)).flatMap((code) =>
      [...code.matchAll(/\bnpm (?:run (?:-s )?([\w:]+)|(test)\b)/g)].map(
        (match) => match[1] ?? match[2] ?? '',
      ),
    );
    expect(named.filter((script) => manifest.scripts[script] === undefined)).toEqual([]);
  });

  it.each(pages)('%s names only commands of nova-ha', (page) => {
    expect(codeOf(textOf(page)).flatMap(unknownCommands)).toEqual([]);
  });

  it('has every reason in README.md, with remedies that can be followed', () => {
    const readme = textOf('README.md');
    expect(Object.keys(CATALOGUE).filter((code) => !readme.includes(code))).toEqual([]);
    const texts = Object.values(CATALOGUE).flatMap(({ sentence, remedy }) => [sentence, remedy]);
    expect(texts.flatMap(unknownCommands)).toEqual([]);
  });

  it('shows a configuration that is valid', () => {
    const examples = [...textOf('README.md').matchAll(/^```yaml\n(# \/etc[^]*?)^```$/gm)];
    expect(examples.length).toBeGreaterThan(0);
    for (const [, text = ''] of examples) {
      const outcome = loadConfig({
        env: {},
        file: 'example.yaml',
        options: [],
        home: '/',
        isRoot: true,
        readFile: (path) => ({ kind: 'text', text: path === 'example.yaml' ? text : 'secret' }),
      });
      expect(outcome).toMatchObject({ kind: 'ok' });
    }
  });
});

/** Words after `nova-ha` in a command line that are no commands. */
function unknownCommands(code: string): readonly string[] {
  const known = new Set(commandNames());
  return [...code.matchAll(/(?:^|[\s"(;|&])nova-ha ([a-z]+)\b(?!:)/g)]
    .map((match) => match[1] ?? '')
    .filter((name) => !known.has(name));
}
