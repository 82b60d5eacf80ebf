import { known, unknown, type Known } from '../../domain/known.ts';
import type { Instant } from '../../domain/time.ts';
import type { Exec } from '../exec.ts';
import { EXIT, noAnswer, TOOL_TIMEOUT_MS, type ToolOptions } from './tools.ts';

/** What this machine is in the cluster. */
export interface Membership {
  /** The node name of this member. */
  name(): Promise<Known<string>>;
  /** Whether this member's part of the cluster has quorum, as its controller sees it now. */
  quorum(): Promise<Known<boolean>>;
}

/** Asks the local controller through `crm_node`. */
export function createMembership(
  deps: { readonly exec: Exec; readonly now: () => Instant } & ToolOptions,
): Membership {
  const { exec, now, timeoutMs = TOOL_TIMEOUT_MS } = deps;
  const ask = (option: string): ReturnType<Exec> =>
    exec({ program: 'crm_node', args: [option], timeoutMs });
  return {
    name: async () => {
      const at = now();
      const outcome = await ask('--name');
      if (outcome.kind !== 'exited' || outcome.code !== EXIT.ok) {
        return noAnswer('crm_node', outcome);
      }
      const name = outcome.stdout.trim();
      return name === '' ? unknown('crm_node gave no name for this machine') : known(name, at);
    },
    quorum: async () => {
      const at = now();
      const outcome = await ask('--quorum');
      // Without quorum it prints 0 and ends with the exit code for that.
      const answered =
        outcome.kind === 'exited' && (outcome.code === EXIT.ok || outcome.code === EXIT.noQuorum);
      if (!answered) return noAnswer('crm_node', outcome);
      return known(outcome.stdout.trim() === '1', at);
    },
  };
}
