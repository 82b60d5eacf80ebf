import type { Call } from './call.ts';
import { lookAt } from './looking.ts';
import { fenceOff } from './off.ts';
import { settled } from './on.ts';

/**
 * `off` and `reboot` of fence_nova_evacuate: only for hosts that Nova shows as down and disabled, as in
 * fence_evacuate: it is often called by hand, and nothing here has cut the power before.
 */
export async function evacuateOff(call: Call): Promise<number> {
  for (const plug of call.request.plugs) {
    const state = await lookAt(call, plug);
    if (state === null) return 1;
    if (state === 'off') continue;
    call.log.error(
      state === 'on'
        ? `Failed: Cannot resurrect instances from ${plug} in state 'on'`
        : `Failed: Unable to obtain correct plug status or plug is not available: ${plug} is in state '${state}', not down and disabled.`,
    );
    return 1;
  }
  const marked = await fenceOff(call);
  if (marked !== 0 || !call.request.wait) return marked;
  const results = await Promise.all(
    call.request.plugs.map((plug) => settled(call, plug, call.request.settleMs)),
  );
  return results.every(Boolean) ? 0 : 1;
}
