import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Small files that start many programs: one of them at the end would keep a single processor busy for minutes. */
const LONG = /e2e\/(?:canary|help-examples|keys-rotate|methods|run|source-|workers)/

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return [true, false].flatMap(isLong => sorted.filter(file => LONG.test(file.moduleId) === isLong))
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    sequence: { sequencer: LongFirst },
    // No test is decided by time: these end only what hangs, on a machine with many times the load.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    pool: 'forks',
    // Each of the two processes loads the sources once, not again for each of 400 files, which takes longer than most of
    // their tests. A file leaves what it changes as it was; hooks of modules that several share are in test/helpers/afterwards.ts.
    isolate: false,
    setupFiles: ['test/setup.ts'],
    // Most of the work is done by the programs that tests start, so two files at once keep two processors busy. With
    // vitest's own number, one fewer than there are processors, two would take twice as long.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
})
