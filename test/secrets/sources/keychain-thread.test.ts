import { EventEmitter } from 'node:events'
import { afterAll, expect, test, vi } from 'vitest'

const threads: EventEmitter[] = []
vi.doMock('node:worker_threads', () => ({ Worker: thread() }))
// Other files may have loaded it with real threads, and others will.
vi.resetModules()
const { askKeychain } = await import('../../../src/secrets/sources/keychain-thread.ts')
afterAll(() => {
  vi.doUnmock('node:worker_threads')
  vi.resetModules()
})

/** A thread at the edge of the process: it answers each call with its own number, and ends when it is told to. */
function thread() {
  return class extends EventEmitter {
    readonly #number = threads.push(this)
    ref(): void {}
    unref(): void {}
    postMessage({ id, account }: { id: number; account: string }): void {
      if (account !== 'silent') queueMicrotask(() => this.emit('message', { id, found: this.#number }))
    }
  }
}

const call = (account = 'a') =>
  askKeychain({ action: 'getPassword', service: 's', account }, AbortSignal.timeout(10_000))

test('a thread that fails, and then ends, takes no other with it', async () => {
  expect(await call()).toBe(1)
  const lost = call('silent')
  threads[0]?.emit('error', new Error('it broke'))
  await expect(lost).rejects.toThrow('it broke')
  expect(await call()).toBe(2)
  threads[0]?.emit('exit', 1)
  expect(await call()).toBe(2)
  threads[1]?.emit('exit', 0)
  expect(await call()).toBe(3)
})
