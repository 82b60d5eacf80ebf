import { parseBoolean } from '../agent-settings.ts';
import { shown, type Given } from './given.ts';
import type { FenceOption } from './option.ts';
import type { OptionIndex } from './options.ts';

/** The most that is read from standard input; Pacemaker sends well below 10 kB. */
export const INPUT_LIMIT_BYTES = 4 * 1024 * 1024;

/** The longest value that is believed to be one. */
const VALUE_LIMIT = 4096;

/** More warnings than these help nobody. */
const WARNING_LIMIT = 20;

/**
 * Reads the standard input of a fence agent: `key=value` lines in any order, `-` and `_` alike, `#`
 * comments, one pair of double quotes around a value. What is unknown is warned about and ignored;
 * a known option with an unusable value (too long, NUL, not UTF-8) makes the whole input unusable.
 * `nodename` (Pacemaker's name of the target) stands for `plug` when there is none (with
 * `pcmk_host_argument` Pacemaker sends no `plug`), or an empty one.
 */
export function parseInput(bytes: Uint8Array, index: OptionIndex): Given {
  const values = new Map<string, string>();
  const keys = new Map<string, string>();
  const warnings: string[] = [];
  let nodename: string | null = null;
  let problem: string | null = null;
  const text = new TextDecoder('utf-8').decode(bytes);
  for (const [at, raw] of text.split(/\r\n|\n|\r/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const where = `line ${String(at + 1)} of the input`;
    const split = line.indexOf('=');
    const key = (split < 0 ? line : line.slice(0, split)).trim();
    if (split < 0) {
      warnings.push(`${where}, "${nameShown(key, index)}", has no "=" and is ignored.`);
      continue;
    }
    const value = unquoted(line.slice(split + 1).trim());
    const option = index.byKey(key);
    if (option === null && key !== 'nodename') {
      warnings.push(`${where}: the option "${shown(key)}" is unknown and ignored.`);
      continue;
    }
    problem ??= valueProblem(option?.name ?? key, value, where);
    if (option === null) nodename = value;
    else take(option, key.replaceAll('-', '_'), value, { values, keys, warnings, where });
  }
  if ((values.get('plug') ?? '') === '' && nodename !== null && nodename !== '') {
    values.set('plug', nodename);
  }
  const more = warnings.length - WARNING_LIMIT;
  if (more > 0) warnings.splice(WARNING_LIMIT, more, `${String(more)} more lines are ignored.`);
  return { values, nodename, warnings, problem };
}

/** A line without "=" may be the tail of a secret: only what is an option's name is repeated. */
const nameShown = (key: string, index: OptionIndex): string =>
  index.byKey(key) === null ? '…' : shown(key);

/** Greedy as in fence_compute: a value that begins and ends with a quote loses both. */
const unquoted = (value: string): string => /^"(.*)"$/s.exec(value)?.[1] ?? value;

function valueProblem(name: string, value: string, where: string): string | null {
  if (value.length > VALUE_LIMIT) {
    return `the value of "${name}" (${where}) has ${String(value.length)} characters (limit ${String(VALUE_LIMIT)}).`;
  }
  if (value.includes('\0')) return `the value of "${name}" (${where}) contains a NUL character.`;
  if (value.includes('\u{fffd}')) return `the value of "${name}" (${where}) is not UTF-8.`;
  return null;
}

interface Sink {
  readonly values: Map<string, string>;
  /** The spelling under which each value was given. */
  readonly keys: Map<string, string>;
  readonly warnings: string[];
  readonly where: string;
}

function take(option: FenceOption, key: string, value: string, sink: Sink): void {
  const { values, keys, warnings, where } = sink;
  if (value === '' && (option.type === 'second' || option.type === 'integer')) return;
  const usable = option.type === 'boolean' ? flagOf(value) : value;
  if (usable === null) {
    warnings.push(`${where}: "${option.name}" is ignored because it is neither yes nor no.`);
    return;
  }
  const before = keys.get(option.name);
  // Pacemaker adds `plug` to a device that has `port`, in the order of a hash table: that must not decide.
  if (before !== undefined && before !== key && values.get(option.name) !== usable) {
    const older = before === option.name ? key : before;
    warnings.push(`"${older}" is ignored because "${option.name}" says otherwise.`);
    if (older === key) return;
  }
  values.set(option.name, usable);
  keys.set(option.name, key);
}

function flagOf(text: string): string | null {
  const truth = parseBoolean(text);
  return truth === null ? null : truth ? '1' : '0';
}
