import type { Command } from 'commander';
import { DEFAULT_FILE } from '../src/config/load.ts';
import { KEYS, rowOf, showFallback, variableOf } from '../src/config/table.ts';
import { LEGAL } from '../src/domain/evacuation.ts';
import { CATALOGUE } from '../src/domain/reason.ts';
import { EXIT } from '../src/surfaces/cli/exit.ts';
import type { Doors } from '../src/surfaces/cli/parts.ts';
import { createProgram } from '../src/surfaces/cli/program.ts';
import { commandsFor } from '../src/surfaces/pacemaker/commands.ts';

/** The parts of README.md that are made from the tables of the program, by the name of their markers. */
const SECTIONS: Readonly<Record<string, () => string>> = {
  config: configTable,
  reasons: reasonTable,
  'exit-codes': exitTable,
  commands: commandTable,
  phases: phaseDiagram,
  pacemaker: pacemakerCommands,
};

/**
 * Replaces what stands between `<!-- NAME:begin -->` and `<!-- NAME:end -->` for every section that
 * the text has; formatted as prettier would.
 */
export async function fillMarkers(text: string): Promise<string> {
  let filled = text;
  for (const [name, render] of Object.entries(SECTIONS)) {
    const pattern = new RegExp(`(<!-- ${name}:begin -->)[^]*?(<!-- ${name}:end -->)`, 'g');
    const section = await formatted(render());
    filled = filled.replace(
      pattern,
      (_all, begin: string, end: string) => `${begin}\n\n${section}\n${end}`,
    );
  }
  return filled;
}

async function formatted(markdown: string): Promise<string> {
  const { format } = await import('prettier');
  return format(markdown, { parser: 'markdown', printWidth: 100, proseWrap: 'never' });
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const code = (text: string): string => (text === '' ? '' : `\`${text}\``);

/** The legal changes of phase as mermaid, as GitHub draws it. */
function phaseDiagram(): string {
  const arrows = Object.entries(LEGAL).flatMap(([from, targets]) =>
    targets.filter((to) => to !== from).map((to) => `  ${from} --> ${to}`),
  );
  return ['```mermaid', 'stateDiagram-v2', '  [*] --> marked', ...arrows, '```'].join('\n');
}

/** What a cluster of one controller and one compute host is configured with. */
function pacemakerCommands(): string {
  const commands = commandsFor({
    dialect: 'pcs',
    roles: { controllers: ['ctl-1'], computes: ['compute-1'] },
    power: new Map(),
    remotes: [],
    config: DEFAULT_FILE,
  });
  return `\`\`\`sh\n${commands}\`\`\``;
}

function configTable(): string {
  const rows = KEYS.map((key) => {
    const { kind, fallbackText, meaning, secret } = rowOf(key);
    const fallback = fallbackText ?? code(showFallback(key));
    const hint = kind.masked === true ? ' (may hold secrets)' : ' (a secret)';
    return [code(key), kind.type, fallback, secret ? `${meaning}${hint}` : meaning];
  });
  const example = `Every key has an environment variable: ${code('pace.in_flight')} is ${code(variableOf('pace.in_flight'))}.`;
  return `${example}\n\n${table(['key', 'value', 'default', 'meaning'], rows)}`;
}

function reasonTable(): string {
  const rows = Object.entries(CATALOGUE)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, { severity, sentence, remedy }]) => [name, severity, sentence, remedy]);
  return table(['code', 'severity', 'sentence', 'remedy'], rows);
}

function exitTable(): string {
  const rows = Object.values(EXIT).map(({ code: number, meaning }) => [String(number), meaning]);
  return table(['code', 'meaning'], rows);
}

const program = (): Command =>
  createProgram({ doors: NO_DOORS, io: SILENT, finish: () => undefined });

/** The words that may follow `nova-ha`: its commands. */
export const commandNames = (): readonly string[] =>
  program().commands.map((command) => command.name());

function commandTable(): string {
  const rows = program().commands.flatMap((command) =>
    command.commands.length === 0
      ? [commandRow(command)]
      : command.commands.map((inner) => commandRow(inner, `${command.name()} `)),
  );
  return table(['command', 'options', 'what it does'], rows);
}

function commandRow(command: Command, prefix = ''): readonly string[] {
  const words = command.registeredArguments.map((argument) =>
    argument.required ? argument.name() : `[${argument.name()}]`,
  );
  const name = [`${prefix}${command.name()}`, ...words].join(' ');
  const options = command.options.map((option) => code(option.flags)).join(', ');
  return [code(name), options, command.summary() || command.description()];
}

const NO_DOORS: Doors = {
  version: '0',
  loadConfig: () => Promise.reject(new Error('not for documentation')),
  compose: () => Promise.reject(new Error('not for documentation')),
  describe: () => Promise.reject(new Error('not for documentation')),
  reloadConfig: () => Promise.reject(new Error('not for documentation')),
};

const SILENT = {
  out: () => undefined,
  err: () => undefined,
  onHangup: () => undefined,
  isTty: false,
  size: () => ({ columns: 80, rows: 24 }),
  env: {},
  signal: new AbortController().signal,
  live: () => Promise.reject(new Error('not for documentation')),
};
