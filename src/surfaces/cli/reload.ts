import type { Config } from '../../config/config.ts';
import type { Policy } from '../../domain/policy.ts';
import type { Io } from './io.ts';
import type { Doors, GlobalOptions, Parts } from './parts.ts';

/** What reading a configuration again needs. */
export interface Reloading {
  readonly doors: Pick<Doors, 'reloadConfig'>;
  readonly global: GlobalOptions;
  readonly parts: Pick<Parts, 'config' | 'log' | 'supervision'>;
  /** Goes on by the new policy. */
  readonly take: (policy: Policy) => void;
}

/** The SIGHUPs of a process from now on: those before anybody answers are not lost. */
export function hearHangups(io: Pick<Io, 'onHangup'>): (answer: () => void) => void {
  let missed = false;
  let heard = (): void => {
    missed = true;
  };
  io.onHangup(() => {
    heard();
  });
  return (answer) => {
    heard = answer;
    if (missed) answer();
  };
}

/**
 * Makes what a SIGHUP does: the configuration is read again, and what can be changed in a running worker
 * is taken over. A wrong one is told in one line, and the old one holds. One at a time; of several that
 * come meanwhile, the last one counts.
 */
export function createReload({ doors, global, parts, take }: Reloading): () => void {
  const { log, supervision } = parts;
  let current: Config = parts.config;
  let busy = false;
  let again = false;

  async function once(): Promise<void> {
    const reload = await doors.reloadConfig(current, global);
    if (reload.kind === 'wrong') {
      log.error(wrongText(reload.problems));
      return;
    }
    const { config, policy, taken, waiting } = reload;
    for (const warning of config.warnings) log.warn(warning);
    if (taken.length > 0) take(policy);
    current = config;
    log.info(`${config.file ?? 'the configuration'} was read again: ${changesText(taken)}`);
    if (waiting.length > 0)
      log.warn(
        `Changed, but it takes effect after a restart of the worker only: ${waiting.join(', ')}`,
      );
  }

  async function run(): Promise<void> {
    busy = true;
    supervision.reloading();
    do {
      again = false;
      try {
        await once();
      } catch (error) {
        // A bug, or a program that was exchanged under us: no reason to stop working.
        const why = error instanceof Error ? error.message : String(error);
        log.error(wrongText([`it could not be read: ${why}.`]));
      }
    } while (wasAsked());
    supervision.reloaded();
    busy = false;
  }

  // A function, so that the type checker does not take it for a constant.
  const wasAsked = (): boolean => again;

  return () => {
    again = true;
    if (!busy) void run();
  };
}

const MOST = 5;

function wrongText(problems: readonly string[]): string {
  const more = problems.length - MOST;
  const rest = more > 0 ? ` (and ${String(more)} more: nova-ha config check)` : '';
  return `The configuration was not taken over, the old one holds: ${problems.slice(0, MOST).join(' ')}${rest} Remedy: mend it, check it with nova-ha config check, and send SIGHUP again.`;
}

const changesText = (taken: readonly string[]): string =>
  taken.length === 0 ? 'nothing changed' : `changed: ${taken.join(', ')}`;
