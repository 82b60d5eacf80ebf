import { EXIT, type ExitName } from './exit.ts';
import { sayJson, type Io } from './io.ts';
import type { Reason } from '../../domain/reason.ts';
import { reasonJson } from './refusal.ts';

/** A command line whose end is told to machines too. */
export interface Heard {
  /** How the command talks. */
  readonly io: Io;
  /** Tells how it ended, unless a document of its own has said so. */
  close(exit: ExitName): Promise<void>;
}

/**
 * Listens to a command that was asked for JSON or YAML: whoever parses its output is told in the same
 * form when it was refused, failed or is still pending, and why. People read the same on stderr.
 */
export function hear(args: readonly string[], io: Io): Heard {
  const form = formOf(args);
  if (form === null) return { io, close: () => Promise.resolve() };
  const talk: string[] = [];
  const reasons: Reason[] = [];
  let last = '';
  return {
    io: {
      ...io,
      out: (text) => {
        if (text !== '') last = text;
        io.out(text);
      },
      err: (text) => {
        talk.push(text);
        io.err(text);
      },
      refused: (reason) => void reasons.push(reason),
    },
    close: async (exit) => {
      const messages = linesOf(talk);
      const isSaid = last !== '' && !isChange(last);
      if (isSaid || (exit === 'done' && messages.every(isWarning))) return;
      const document = {
        kind: 'outcome',
        exit,
        exit_code: EXIT[exit].code,
        reasons: reasons.map(reasonJson),
        messages,
      };
      if (form === 'json') {
        sayJson(io, document);
        return;
      }
      const { stringify } = await import('yaml');
      io.out(stringify({ schema: 1, ...document }));
    },
  };
}

/** What was asked for, also by a command line that is wrong otherwise; after `--` nothing is an option. */
function formOf(args: readonly string[]): 'json' | 'yaml' | null {
  const end = args.indexOf('--');
  const options = end < 0 ? args : args.slice(0, end);
  const [json, yaml] = [options.includes('--json'), options.includes('--yaml')];
  if (json === yaml) return null;
  return json ? 'json' : 'yaml';
}

const linesOf = (talk: readonly string[]): readonly string[] =>
  talk
    .join('')
    .split('\n')
    .map((line) => line.replace(/^nova-ha: /, ''))
    .filter((line) => line !== '');

const isWarning = (line: string): boolean => line.startsWith('warning: ');

/** A change of one instance is no word about the end. */
const isChange = (text: string): boolean => text.startsWith('{"schema":1,"kind":"change"');
