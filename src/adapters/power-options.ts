import { open } from 'node:fs/promises';
import type { ExecOutcome } from './exec.ts';

/** The input for a fence agent with the values that must not be shown, or what is wrong. */
export type AgentInput =
  | { readonly kind: 'input'; readonly text: string; readonly secrets: readonly string[] }
  | { readonly kind: 'trouble'; readonly why: string };

const FILE_LIMIT = 64 * 1024;
const SECRET_KEY = /pass|secret|token|key|community/i;

/**
 * The standard input of a fence agent: `key=value` lines, as Pacemaker writes them. A value cannot
 * hold a line break, which would smuggle in a line of its own.
 */
export async function agentInput(
  device: {
    readonly agent: string;
    readonly options: Readonly<Record<string, string>>;
    readonly optionsFile: string | null;
  },
  call: { readonly action: string; readonly host: string; readonly short: string },
): Promise<AgentInput> {
  if (!/^fence_[A-Za-z0-9_]+$/.test(device.agent)) {
    return trouble(
      `${JSON.stringify(device.agent)} is no name of a fence agent, such as fence_ipmilan (configuration: power)`,
    );
  }
  const file = device.optionsFile === null ? {} : await readOptionsFile(device.optionsFile);
  if (typeof file === 'string') return trouble(file);
  const options: Readonly<Record<string, string>> = {
    ...device.options,
    ...file,
    action: call.action,
  };
  const lines: string[] = [];
  for (const [key, value] of Object.entries(options)) {
    const filled = value.replaceAll('{host}', call.host).replaceAll('{short}', call.short);
    if (!/^[A-Za-z0-9_-]+$/.test(key) || /[\n\r\0]/.test(filled)) {
      return trouble(
        `the option ${JSON.stringify(key)} of ${device.agent} cannot be passed on: a name has letters, digits, _ and -, a value one line`,
      );
    }
    lines.push(`${key}=${filled}\n`);
  }
  const secrets = Object.entries(options)
    .filter(([key, value]) => value !== '' && SECRET_KEY.test(key))
    .map(([, value]) => value);
  return { kind: 'input', text: lines.join(''), secrets };
}

/** Reads `key=value` lines; `#` begins a comment line. A text says what is wrong. */
async function readOptionsFile(path: string): Promise<Readonly<Record<string, string>> | string> {
  let text: string;
  try {
    const file = await open(path, 'r');
    try {
      const { mode, size } = await file.stat();
      if ((mode & 0o007) !== 0) {
        return `${path} can be read by every user: chmod 600 ${path}`;
      }
      if (size > FILE_LIMIT)
        return `${path} is larger than ${String(FILE_LIMIT)} bytes: it is no file of options`;
      text = await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    return `the options in ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
  const options: Record<string, string> = {};
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const at = line.indexOf('=');
    // The line itself may be a password: it is not shown.
    if (at < 1) return `${path}, line ${String(index + 1)}: expected key=value`;
    options[line.slice(0, at).trim()] = line.slice(at + 1).trim();
  }
  return options;
}

/** What a program said, without the secrets it was given. */
export function redact(outcome: ExecOutcome, secrets: readonly string[]): ExecOutcome {
  if (outcome.kind !== 'exited') return outcome;
  const clean = (text: string): string =>
    secrets.reduce((left, secret) => left.replaceAll(secret, '***'), text);
  return { ...outcome, stdout: clean(outcome.stdout), stderr: clean(outcome.stderr) };
}

const trouble = (why: string): AgentInput => ({ kind: 'trouble', why });
