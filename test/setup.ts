import { afterAll, afterEach } from 'vitest'
import { afterFile, afterTest } from './helpers/afterwards.ts'

// Of every file: vitest.config.ts.
afterEach(afterTest)
afterAll(afterFile)
