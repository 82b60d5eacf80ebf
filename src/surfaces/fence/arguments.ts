import { parseBoolean } from '../agent-settings.ts';
import { shown, type Given } from './given.ts';
import type { FenceOption } from './option.ts';
import type { OptionIndex } from './options.ts';

/** What is being filled while the arguments are walked. */
interface Walk {
  readonly values: Map<string, string>;
  readonly rest: string[];
  verbose: number;
}

/**
 * Reads a command line in getopt's manner: `-n HOST`, `-nHOST`, `-vv`, `--plug HOST`, `--plug=HOST`,
 * unambiguous beginnings of long options, options and other words mixed, `--` ends the options.
 * Words that are no options are warned about and ignored, as fence_compute does.
 */
export function parseArguments(argv: readonly string[], index: OptionIndex): Given {
  const walk: Walk = { values: new Map(), rest: [], verbose: 0 };
  const words = [...argv];
  let problem: string | null = null;
  while (words.length > 0 && problem === null) {
    const word = words.shift() ?? '';
    if (word === '--') walk.rest.push(...words.splice(0));
    else if (word.startsWith('--')) problem = takeLong(word.slice(2), words, index, walk);
    else if (word.startsWith('-') && word !== '-') problem = takeShorts(word, words, index, walk);
    else walk.rest.push(word);
  }
  if (walk.verbose > 0 && !walk.values.has('verbose_level')) {
    walk.values.set('verbose_level', String(walk.verbose));
  }
  // The words themselves are not repeated: one of them may be a password.
  const warnings =
    walk.rest.length === 0
      ? []
      : [`${String(walk.rest.length)} unused arguments on the command line are ignored.`];
  return { values: walk.values, nodename: null, warnings, problem };
}

function takeLong(text: string, words: string[], index: OptionIndex, walk: Walk): string | null {
  const split = text.indexOf('=');
  const name = split < 0 ? text : text.slice(0, split);
  const option = index.byLong(name);
  if (option === 'ambiguous') return `option --${shown(name)} is ambiguous.`;
  if (option === null || name === '') return `option --${shown(name)} is unknown.`;
  return take(option, `--${option.long}`, split < 0 ? null : text.slice(split + 1), words, walk);
}

function takeShorts(word: string, words: string[], index: OptionIndex, walk: Walk): string | null {
  for (let at = 1; at < word.length; at += 1) {
    const letter = word[at] ?? '';
    const option = index.byShort(letter);
    if (option === null) return `option -${shown(letter)} is unknown.`;
    if (option.type !== 'boolean') {
      const attached = word.slice(at + 1);
      return take(option, `-${letter}`, attached === '' ? null : attached, words, walk);
    }
    const problem = take(option, `-${letter}`, null, words, walk);
    if (problem !== null) return problem;
  }
  return null;
}

function take(
  option: FenceOption,
  spelling: string,
  attached: string | null,
  words: string[],
  walk: Walk,
): string | null {
  if (option.type === 'boolean') {
    const truth = attached === null ? true : parseBoolean(attached);
    if (truth === null) return `option ${spelling} is a switch: give it yes, no or nothing.`;
    if (option.name === 'verbose') walk.verbose += truth ? 1 : 0;
    walk.values.set(option.name, truth ? '1' : '0');
    return null;
  }
  const value = attached ?? words.shift();
  if (value === undefined) return `option ${spelling} needs a value.`;
  if (value.includes('\0')) return `the value of option ${spelling} contains a NUL character.`;
  walk.values.set(option.name, value);
  return null;
}
