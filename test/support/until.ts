import { setTimeout as pause } from 'node:timers/promises';

/** Waits until the condition holds, looking every few milliseconds; fails after `limitMs`. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  limitMs = 20_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end)
      throw new Error(`not true within ${String(limitMs)} ms: ${condition.toString()}`);
    await pause(5);
  }
}
