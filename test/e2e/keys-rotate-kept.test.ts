import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/index.ts'
import { fingerprint } from '../../src/secrets/secret.ts'
import { agw, type Run, tempFolder } from '../helpers/agw.ts'
import { keyLike } from '../helpers/keys.ts'
import { holders, placeKey } from '../helpers/rotation.ts'

const OLD = keyLike('openai', 'kept-old')
const NEW = keyLike('openai', 'kept-new')
const NEWER = keyLike('openai', 'kept-newer')

let folder: string
let mock: Mock
beforeEach(async () => {
  folder = await tempFolder()
  mock = await startMock({ keys: [OLD, NEW, NEWER] })
})
afterEach(() => mock.close())

async function run(args: string[], input = ''): Promise<Run> {
  const done = await agw(args, { cwd: folder, input })
  for (const key of [OLD, NEW, NEWER]) expect(done.stdout + done.stderr).not.toContain(key.slice(10, 40))
  return done
}

const rotate = (...args: string[]): Promise<Run> =>
  run(['keys', 'rotate', 'openai', '--no-check', ...args], NEW)

async function rotated(method: string): Promise<void> {
  await placeKey(folder, { method, key: OLD, upstream: mock.port })
  expect((await rotate()).status).toBe(0)
}

/** The fingerprints that the config resolves to now. */
async function current(): Promise<string[]> {
  const { keys } = JSON.parse((await run(['keys', 'list', '--json'])).stdout)
  return keys.map((key: { fingerprint: string }) => key.fingerprint)
}

describe('while the old key of a rotation is kept', () => {
  it.each([
    ['env', 'file'],
    ['env', 'inline'],
    ['file', 'env'],
  ])('a move from %s to %s is refused, as the way back would be lost', async (from, to) => {
    await rotated(from)
    const before = await holders(folder, OLD)
    const moved = await run(['keys', 'move', 'openai', '--to', to, '--yes'])
    expect(moved).toMatchObject({ status: 3, stdout: '' })
    expect(moved.stderr).toContain(`${fingerprint(OLD)}, is kept until`)
    expect(moved.stderr).toContain('agw keys rotate openai --finish')
    const set = await run(['keys', 'set', 'openai', '--method', to, '--yes'], NEWER)
    expect(set).toMatchObject({ status: 3, stdout: '' })
    expect(await holders(folder, OLD)).toEqual(before)
    expect(await current()).toEqual([fingerprint(NEW)])
    expect((await rotate('--finish')).status).toBe(0)
    expect((await run(['keys', 'move', 'openai', '--to', to, '--yes'])).status).toBe(0)
    expect(await holders(folder, OLD)).toEqual([])
  })

  it('a move that keeps the variable takes the way back along', async () => {
    await rotated('env')
    expect((await run(['keys', 'move', 'openai', '--to', 'encrypted', '--yes'])).status).toBe(0)
    expect((await rotate('--undo')).status).toBe(0)
    expect(await current()).toEqual([fingerprint(OLD)])
  })

  it('keys list says so, and until when', async () => {
    await rotated('env')
    const list = await run(['keys', 'list'])
    expect(list.stderr).toMatch(/openai: its old key is kept until \d{4}-\d\d-\d\d \d\d:\d\d UTC/)
    const { keys } = JSON.parse((await run(['keys', 'list', '--json'])).stdout)
    expect(keys[0].kept).toEqual({ fingerprint: fingerprint(OLD), until: expect.stringMatching(/Z$/) })
    await rotate('--finish')
    expect((await run(['keys', 'list'])).stderr).not.toContain('kept')
  })
})
