import { createColors } from 'picocolors';
import type { Severity } from '../../domain/reason-entry.ts';
import type { Io } from './io.ts';

/** Colours by meaning; plain text where colours are not wanted. */
export interface Paint {
  readonly heading: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly quiet: (text: string) => string;
  readonly good: (text: string) => string;
  readonly busy: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly severity: (severity: Severity, text: string) => string;
}

/** Colours on a terminal, unless NO_COLOR is set or the terminal is dumb (no-color.org). */
export function createPaint(io: Pick<Io, 'isTty' | 'env'>): Paint {
  const plain = (io.env['NO_COLOR'] ?? '') !== '' || io.env['TERM'] === 'dumb';
  const c = createColors(io.isTty && !plain);
  return {
    heading: (text) => c.dim(text),
    strong: (text) => c.bold(text),
    quiet: (text) => c.dim(text),
    good: (text) => c.green(text),
    busy: (text) => c.cyan(text),
    bad: (text) => c.red(text),
    severity: (severity, text) => {
      if (severity === 'alert') return c.red(text);
      return severity === 'warning' ? c.yellow(text) : text;
    },
  };
}
