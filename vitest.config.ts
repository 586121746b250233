import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // No test is decided by time: these end only what hangs, on a machine with many times the load.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Most of the work is done by the programs that tests start, so two files at once keep two processors busy. With
    // vitest's own number, one fewer than there are processors, two would take twice as long.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
})
