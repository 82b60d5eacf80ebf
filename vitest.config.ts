import { defineConfig } from 'vitest/config';

/**
 * unit: no process, no port; sim: seeded worlds and exhaustive search;
 * system: real servers and spawned processes.
 */
export default defineConfig({
  test: {
    // As many as the smallest machine has cores: most of the time goes into waiting for processes.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/sim/**', 'test/system/**', 'test/stack/**'],
          pool: 'threads',
          // Properties run long on a machine that has other things to do.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'sim',
          include: ['test/sim/**/*.test.ts'],
          pool: 'threads',
          testTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          pool: 'forks',
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Real processes on a machine that is busy with something else get a second chance in CI.
          retry: process.env['CI'] === undefined ? 0 : 1,
        },
      },
    ],
  },
});
