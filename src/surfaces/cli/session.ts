import { printable } from './columns.ts';
import { EXIT, type ExitName } from './exit.ts';
import { tell, type Io } from './io.ts';
import type { CloudPart, Doors, GlobalOptions, Parts } from './parts.ts';

/** A command: what it does with its parts, and how it ended. */
export type Command = (parts: Parts, io: Io) => Promise<ExitName>;

/** Loads the configuration, runs a command with its parts, and puts everything away again. */
export async function withParts(
  doors: Doors,
  options: GlobalOptions,
  io: Io,
  command: Command,
  role: 'command' | 'worker' = 'command',
): Promise<ExitName> {
  const outcome = await doors.loadConfig(options);
  if (outcome.kind === 'wrong') {
    for (const problem of outcome.problems) tell(io, `nova-ha: ${printable(problem)}`);
    return 'usage';
  }
  for (const warning of outcome.config.warnings)
    tell(io, `nova-ha: warning: ${printable(warning)}`);
  const parts = await doors.compose(outcome.config, options, role);
  try {
    return await command(parts, io);
  } finally {
    await parts.close();
  }
}

/** The cloud with a valid token; else it is said why not, and `exit` has the code. */
export async function enterCloud(parts: Parts, io: Io): Promise<ReachedCloud> {
  const cloud = await findCloud(parts, io);
  if (cloud.kind === 'wrong') return cloud;
  const problem = await cloud.signIn();
  if (problem === null) return cloud;
  tell(io, `nova-ha: ${printable(problem.message)}`);
  return { kind: 'wrong', exit: problem.exit };
}

/** The cloud as it is configured, not contacted yet; else it is said what is wrong. */
export async function findCloud(parts: Parts, io: Io): Promise<ReachedCloud> {
  const cloud = await parts.cloud();
  if (cloud.kind === 'ok') return cloud;
  tell(io, `nova-ha: ${printable(cloud.message)}`);
  return { kind: 'wrong', exit: cloud.exit };
}

type ReachedCloud =
  Extract<CloudPart, { kind: 'ok' }> | { readonly kind: 'wrong'; readonly exit: ExitName };

/** Says that the store did not answer. */
export function storeTrouble(parts: Parts, io: Io, why: string): 'store-unreachable' {
  // Most stores say themselves where they are.
  const { description } = parts.store;
  const where = why.includes(description) ? '' : ` (${description})`;
  tell(io, `nova-ha: the store cannot be used${where}: ${printable(why)}`);
  return 'store-unreachable';
}

/** The number for the operating system. */
export const codeOf = (exit: ExitName): number => EXIT[exit].code;
