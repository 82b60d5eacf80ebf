import { remedyOf, sentenceOf, severityOf, type Reason } from '../../domain/reason.ts';
import { printable } from './columns.ts';
import { tell, type Io } from './io.ts';

/** `NH601 refused: compute-1 is not proven off. Remedy: …` */
export const refusalLine = (reason: Reason, extra = ''): string =>
  printable(
    `${reason.code} refused: ${sentenceOf(reason)}.${extra === '' ? '' : ` ${extra}`} Remedy: ${remedyOf(reason)}.`,
  );

/** Says why something was refused; the exit code that goes with it. */
export function refuse(io: Io, reason: Reason, extra = ''): 'refused' {
  io.refused?.(reason);
  tell(io, refusalLine(reason, extra));
  return 'refused';
}

/** `NH305 its root disk …` */
export const reasonText = (reason: Reason): string =>
  printable(`${reason.code} ${sentenceOf(reason)}`);

/** A reason for machines; stable. */
export const reasonJson = (reason: Reason): Readonly<Record<string, string>> => ({
  code: reason.code,
  severity: severityOf(reason),
  sentence: sentenceOf(reason),
  remedy: remedyOf(reason),
});

const LOUDNESS = { note: 0, warning: 1, alert: 2 } as const;

/** The loudest reason first; the order of equals is kept. */
export const loudestFirst = (reasons: readonly Reason[]): readonly Reason[] =>
  [...reasons].sort((a, b) => LOUDNESS[severityOf(b)] - LOUDNESS[severityOf(a)]);
