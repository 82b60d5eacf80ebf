import { pino, type DestinationStream } from 'pino';
import type { Log } from '../engine/ports.ts';
import { redactFields, redactText } from './redact.ts';
import { createStderr } from './stderr.ts';

/** How much is said, and in which form. */
export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly format: 'text' | 'json';
  /**
   * What lines of text begin with: their priority `<6>` for the journal, the time in a file, nothing
   * on a terminal.
   */
  readonly stamp: 'priority' | 'time' | 'none';
  /** Where lines go; stderr when it is left out. */
  readonly destination?: DestinationStream;
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** The priorities of sd-daemon(3), which journald takes from the beginning of a line. */
const PRIORITY: Readonly<Record<(typeof LEVELS)[number], string>> = {
  debug: '<7>',
  info: '<6>',
  warn: '<4>',
  error: '<3>',
};

/**
 * The log: one English sentence per line on stderr, written at once so that the last line before a
 * crash is there too. Secrets are masked in sentences and fields.
 */
export function createLog(options: LogOptions): Log {
  const destination = options.destination ?? createStderr((count) => lostText(options, count));
  return options.format === 'json'
    ? jsonLog(options.level, destination)
    : textLog(options, destination);
}

/** The line about lines that nobody read, in the form of the others. */
function lostText({ format, stamp }: LogOptions, count: number): string {
  const msg = `${String(count)} lines of the log were lost, nobody read them`;
  if (format === 'text') return `${STAMPS[stamp]('warn')}${msg}\n`;
  return `${JSON.stringify({ level: 'warn', time: new Date().toISOString(), msg })}\n`;
}

function textLog({ level, stamp }: LogOptions, destination: DestinationStream): Log {
  const threshold = LEVELS.indexOf(level);
  const at = (name: (typeof LEVELS)[number]) => (sentence: string) => {
    if (LEVELS.indexOf(name) < threshold) return;
    const line = redactText(sentence).replace(/\s*[\p{Cc}\u2028\u2029]+\s*/gu, ' ');
    destination.write(`${STAMPS[stamp](name)}${line}\n`);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

const label = (name: (typeof LEVELS)[number]): string => (name === 'info' ? '' : `${name}: `);

const STAMPS: Readonly<Record<LogOptions['stamp'], (name: (typeof LEVELS)[number]) => string>> = {
  priority: (name) => PRIORITY[name],
  time: (name) => `${new Date().toISOString()} ${label(name)}`,
  none: label,
};

function jsonLog(level: LogOptions['level'], destination: DestinationStream): Log {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (name) => ({ level: name }) },
    },
    destination,
  );
  const at =
    (name: (typeof LEVELS)[number]) =>
    (sentence: string, fields: Readonly<Record<string, unknown>> = {}) => {
      if (logger.isLevelEnabled(name)) logger[name](redactFields(fields), redactText(sentence));
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
