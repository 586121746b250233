import { expect, test, vi } from 'vitest'
import { runTool } from '../../src/secrets/run.ts'

/** What the library was told at last; it runs the program as ever. */
const { told } = vi.hoisted(() => ({ told: [] as { timeout?: number }[] }))
vi.mock('execa', async original => {
  const real = await original<typeof import('execa')>()
  const execa = (command: string, args: readonly string[], options: { timeout?: number }) => {
    told.push(options)
    return real.execa(command, args, options)
  }
  return { ...real, execa }
})

test.each([
  ['thirty seconds unless told', {}, 30_000],
  ['as long as it is given', { timeoutMs: 60_000 }, 60_000],
  ['as long as its signal lets it, where it has one', { signal: new AbortController().signal }, 0],
])('a program may run %s', async (_, options, timeout) => {
  const result = await runTool(process.execPath, ['-e', ''], { env: {}, ...options })
  expect(result.failed).toBeUndefined()
  expect(told.at(-1)?.timeout).toBe(timeout)
})
