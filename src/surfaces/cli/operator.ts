import type { FenceProof } from '../../domain/mark.ts';
import type { Io } from './io.ts';
import type { Parts } from './parts.ts';

/** Who is at the keyboard: `--by`, or user@machine (the user behind sudo, not root). */
export function operatorOf(parts: Parts, io: Io, by: string | undefined): string {
  if (by !== undefined && by !== '') return by;
  const names = [io.env['SUDO_USER'], io.env['USER'], io.env['LOGNAME'], parts.user];
  const user = names.find((name) => name !== undefined && name !== '');
  return `${user ?? parts.user}@${parts.machine}`;
}

/** An operator's word that a host is off, given now. */
export function operatorsWord(parts: Parts, by: string): FenceProof {
  return { source: 'operator', at: parts.clock.now(), detail: `confirmed by ${by}` };
}
