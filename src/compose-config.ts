import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { policyOf, type Config, type ConfigOutcome } from './config/config.ts';
import { loadConfig, type ReadFile } from './config/load.ts';
import { showOrigin } from './config/origin.ts';
import { reloaded } from './config/reload.ts';
import { KEYS, showValue } from './config/table.ts';
import type { GlobalOptions, Reload, SettingLine } from './surfaces/cli/parts.ts';

/** Loads the configuration of this process. */
export function openConfig(options: GlobalOptions): ConfigOutcome {
  return loadConfig({
    env: process.env,
    file: options.config,
    options: options.settings,
    home: homeDirectory(),
    isRoot: process.getuid?.() === 0,
    readFile,
  });
}

/** Reads the configuration of a running worker again; the environment is the one of its start. */
export function reloadConfig(current: Config, options: GlobalOptions): Reload {
  const outcome = openConfig(options);
  if (outcome.kind === 'wrong') return outcome;
  const { config, taken, waiting } = reloaded(current, outcome.config);
  return { kind: 'ok', config, policy: policyOf(config.settings), taken, waiting };
}

/** The home directory; a user without an entry of his own, as in containers, has none. */
export function homeDirectory(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}

/** Every key with its value and its origin as text; secrets are masked. */
export const describeConfig = ({ settings, origins }: Config): readonly SettingLine[] =>
  KEYS.map((key) => ({
    key,
    value: showValue(key, settings[key]),
    origin: showOrigin(origins[key]),
  }));

const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a directory',
};

/** Reads a small text file as UTF-8; tells absent from unreadable. */
export const readFile: ReadFile = (path) => {
  try {
    return { kind: 'text', text: readFileSync(path, 'utf8') };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'absent' };
    return { kind: 'unreadable', why: WORDS[code] ?? code };
  }
};
