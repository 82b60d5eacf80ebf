import { columns, printable } from './columns.ts';
import type { ExitName } from './exit.ts';
import { say, sayJson, tell, type Io } from './io.ts';
import { createPaint } from './paint.ts';
import type { Doors, GlobalOptions } from './parts.ts';

/** `config show`: every key with its value and its origin, secrets masked. */
export async function configShow(
  doors: Doors,
  global: GlobalOptions,
  io: Io,
  options: { readonly json?: boolean },
): Promise<ExitName> {
  const outcome = await doors.loadConfig(global);
  if (outcome.kind === 'wrong') return complain(io, outcome.problems);
  const rows = await doors.describe(outcome.config);
  if (options.json === true) {
    sayJson(io, { file: outcome.config.file, settings: rows });
    return 'done';
  }
  const paint = createPaint(io);
  const lines = columns(
    rows.map(({ key, value, origin }) => [
      { text: `${key}: ${value === '' ? '~' : value}` },
      { text: `# ${origin}`, paint: paint.quiet },
    ]),
    null,
  );
  for (const line of lines) say(io, line);
  return 'done';
}

/** `config check`: nothing but the verdict. */
export async function configCheck(doors: Doors, global: GlobalOptions, io: Io): Promise<ExitName> {
  const outcome = await doors.loadConfig(global);
  if (outcome.kind === 'wrong') return complain(io, outcome.problems);
  for (const warning of outcome.config.warnings)
    tell(io, `nova-ha: warning: ${printable(warning)}`);
  say(
    io,
    `${outcome.config.file ?? 'no configuration file, the defaults'}: the configuration is valid`,
  );
  return 'done';
}

function complain(io: Io, problems: readonly string[]): ExitName {
  for (const problem of problems) tell(io, `nova-ha: ${printable(problem)}`);
  return 'usage';
}
