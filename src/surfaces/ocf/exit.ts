import type { AgentIo } from '../agent-io.ts';
import type { OCF } from './parameter.ts';

/** An exit code of the OCF API. */
export type OcfCode = (typeof OCF)[keyof typeof OCF];

/**
 * Ends an action with a reason, which Pacemaker shows in its status: lines on standard error that
 * begin with the prefix it asks for.
 */
export function because(io: AgentIo, code: OcfCode, reason: string): OcfCode {
  const prefix = io.env['OCF_EXIT_REASON_PREFIX'] ?? 'ocf-exit-reason:';
  io.err(`${prefix}${reason.replaceAll(/\s+/g, ' ')}\n`);
  return code;
}

/** The text of `usage`, and the answer to actions that nobody knows. */
export const usageOf = (agent: string): string =>
  `usage: ${agent} {start|stop|monitor|validate-all|meta-data|usage}\n`;
