import { DESCRIPTIONS } from './descriptions.ts';
import { getoptOf } from './metadata.ts';
import type { AgentName, FenceOption } from './option.ts';
import { advertisedActions, optionsOf } from './options.ts';

const WIDTH = 88;
const COLUMN = 36;

/** The text of `--help`. */
export function fenceHelp(agent: AgentName): string {
  const lines = optionsOf(agent).flatMap((option) => {
    const getopt = `   ${getoptOf(option)}`;
    const [first = '', ...more] = wrap(helpOf(agent, option), WIDTH - COLUMN);
    const rest = more.map((line) => ' '.repeat(COLUMN) + line);
    return getopt.length < COLUMN - 1
      ? [getopt.padEnd(COLUMN) + first, ...rest]
      : [getopt, ' '.repeat(COLUMN) + first, ...rest];
  });
  return [
    `Usage: ${agent} [options]`,
    '',
    ...wrap(DESCRIPTIONS[agent].long.join(' '), WIDTH),
    '',
    'Options (on standard input as NAME=VALUE lines, with "_" for "-"):',
    ...lines,
    '',
  ].join('\n');
}

function helpOf(agent: AgentName, option: FenceOption): string {
  const fallback =
    option.default === null || option.default === '' ? '' : ` (default: ${option.default})`;
  if (option.name !== 'action') return option.text + fallback;
  return `${option.text}: ${advertisedActions(agent).join(', ')}${fallback}`;
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** The manual page as roff: `fence_nova -o manpage | man -l -`. */
export function fenceManpage(agent: AgentName): string {
  const { short, long } = DESCRIPTIONS[agent];
  const options = optionsOf(agent).flatMap((option) => [
    '.TP',
    `.B ${roff(getoptOf(option))}`,
    roff(`${helpOf(agent, option)}.${option.note === null ? '' : ` ${option.note}`}`),
  ]);
  return [
    `.TH ${agent.toUpperCase()} 8 "" "nova-ha" "Fence agents"`,
    '.SH NAME',
    roff(`${agent} - ${short}`),
    '.SH SYNOPSIS',
    `.B ${agent}`,
    '[options]',
    '.SH DESCRIPTION',
    roff(long.join(' ')),
    '.PP',
    'Called by Pacemaker the options come on standard input, one NAME=VALUE a line, with "_" for "\\-".',
    '.SH OPTIONS',
    ...options,
    '.SH EXIT STATUS',
    '.TP',
    '.B 0',
    'done; for the action status: on',
    '.TP',
    '.B 1',
    'failed; standard error says why',
    '.TP',
    '.B 2',
    'for the action status: off',
    '',
  ].join('\n');
}

const roff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/, '\\&$1');
