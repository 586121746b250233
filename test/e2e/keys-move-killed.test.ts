import { cp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { agw, tempFolder } from '../helpers/agw.ts'
import { keyLike } from '../helpers/keys.ts'
import { holders, killedAt, placeKey } from '../helpers/rotation.ts'

const KEY = keyLike('openai', 'move-killed')
const TOLD = /a move of the key of openai was stopped: (.*) has a copy of it/

describe('a move that is killed between its writes', () => {
  it.each([
    ['env', 'file', ['.env', 'openai.key']],
    ['file', 'encrypted', ['openai.key', 'secrets.age']],
  ])(
    'loses nothing, and the copy that is left is told of: from %s to %s',
    async (from, to, [old = '', now = '']) => {
      const folder = await tempFolder()
      await placeKey(folder, { method: from, key: KEY, upstream: 1 })
      const before = join(await tempFolder(), 'before')
      await cp(folder, before, { recursive: true })
      const run = (args: string[], env = {}) => agw(args, { cwd: folder, env })
      const told = new Set<string>()
      for (let at = 1; ; at += 1) {
        for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true })
        await cp(before, folder, { recursive: true, preserveTimestamps: true })
        const { status } = await run(['keys', 'move', 'openai', '--to', to, '--yes'], killedAt(at))
        const list = await run(['keys', 'list', '--json'])
        const [{ method, state }] = JSON.parse(list.stdout).keys
        expect([method, state], `kill ${at}`).toEqual([expect.stringMatching(`${from}|${to}`), 'ok'])
        const copy = TOLD.exec(list.stderr)?.[1] ?? ''
        if (status === 0) {
          expect([method, copy]).toEqual([to, ''])
          break
        }
        if (copy !== '' && told.size < 3) expect((await run(['doctor'])).stdout).toMatch(TOLD)
        told.add(copy.includes(old) ? 'old' : copy.includes(now) ? 'new' : copy)
        const left = (await holders(folder, KEY)).filter(name => !name.endsWith('.tmp'))
        if (method === to && left.includes(old)) expect(copy, `kill ${at}`).toContain(old)
        if (method === from && left.includes(now)) expect(copy, `kill ${at}`).toContain(now)
      }
      expect([...told].sort()).toEqual(['', 'new', 'old'])
    },
    180_000,
  )
})
