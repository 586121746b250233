import { beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import type * as Child from '../../src/cli/child.ts'
import type * as Signals from '../../src/cli/signals.ts'

let child: typeof Child
let signals: typeof Signals
beforeEach(async () => {
  // They know of one process, which this test is several times.
  vi.resetModules()
  child = await import('../../src/cli/child.ts')
  signals = await import('../../src/cli/signals.ts')
})

/** What a command is sent that is followed after so many hangups, and before so many more. */
async function sentTo(before: number, after: number): Promise<NodeJS.Signals[]> {
  const listeners = process.listeners('SIGHUP')
  onTestFinished(() => {
    process.removeAllListeners('SIGHUP')
    for (const one of listeners) process.on('SIGHUP', one)
  })
  signals.expectHangups(false)
  for (let i = 0; i < before; i++) process.emit('SIGHUP', 'SIGHUP')
  const sent: NodeJS.Signals[] = []
  let end = (): void => {}
  const ended = new Promise<{ status: number; signal: undefined }>(resolve => {
    end = () => resolve({ status: 7, signal: undefined })
  })
  const following = child.followChild({ kill: signal => sent.push(signal), ended })
  for (let i = 0; i < after; i++) process.emit('SIGHUP', 'SIGHUP')
  end()
  expect(await following).toBe(7)
  return sent
}

it.each([
  ['that comes while it runs', 0, 1, 1],
  ['that came before it was started', 1, 0, 1],
  ['that came several times before', 2, 0, 1],
  ['that came before and comes again', 1, 1, 2],
])('a command is passed a hangup %s', async (_, before, after, times) => {
  expect(await sentTo(before, after)).toEqual(Array(times).fill('SIGHUP'))
})
