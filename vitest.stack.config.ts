import { defineConfig } from 'vitest/config';

/**
 * The full stack: a real OpenStack and a real Pacemaker on this machine (Debian 12, root).
 * One file at a time, as all share the two; started by test/stack/run.
 */
export default defineConfig({
  test: {
    name: 'stack',
    include: ['test/stack/**/*.stack.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 900_000,
    // As for the system tests; by hand nothing is tried twice.
    retry: process.env['CI'] === undefined ? 0 : 1,
    reporters: ['verbose'],
  },
});
