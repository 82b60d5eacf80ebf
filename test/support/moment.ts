import { setTimeout as pause } from 'node:timers/promises';

/** Lets a moment pass that a test draws at random: the very thing that it tests. */
export const moment = (lengthMs: number): Promise<void> => pause(lengthMs);

/** Waits until something has happened, but no longer than that. */
export async function momentUntil(lengthMs: number, happened: () => boolean): Promise<void> {
  const endMs = performance.now() + lengthMs;
  while (!happened() && performance.now() < endMs) await pause(2);
}

/** The seed of a test's random moments, printed; NOVA_HA_TEST_SEED sets it. */
export function seedOf(what: string): number {
  const seed = Number(process.env['NOVA_HA_TEST_SEED'] ?? Date.now() % 1_000_000);
  process.stderr.write(`${what}: NOVA_HA_TEST_SEED=${String(seed)}\n`);
  return seed;
}
