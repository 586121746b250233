import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { SecretKeeper } from '../../src/secrets/keeper.ts'
import { tempFolders } from './folders.ts'
import { said } from './sources/contract.ts'

const folder = tempFolders()

/** Prints what stood in the file when it began; where `hold` is there, only after a second. */
const SCRIPT = `import { existsSync, readFileSync, writeFileSync } from 'node:fs'
const value = readFileSync('value')
const wait = existsSync('hold') ? 1000 : 0
writeFileSync('begun', '')
setTimeout(() => process.stdout.write(value), wait)`

test('an answer that comes late never takes the place of a newer one', async () => {
  const configDir = folder()
  const at = (name: string): string => join(configDir, name)
  writeFileSync(at('tool.mjs'), SCRIPT)
  writeFileSync(at('value'), 'sk-first-0123456789')
  const where = { argv: [process.execPath, 'tool.mjs'] }
  const entry = { variable: 'A', kind: 'exec', where, refreshMs: 3_600_000, timeoutMs: 60_000 } as const
  const context = { env: { PATH: process.env['PATH'] }, configDir, connections: {} }
  const keeper = new SecretKeeper({ onChange: () => undefined, onEvent: () => undefined })
  await keeper.gather([entry], context)
  writeFileSync(at('hold'), '')
  writeFileSync(at('value'), 'sk-second-0123456789')
  rmSync(at('begun'))
  const slow = keeper.refresh()
  while (!existsSync(at('begun'))) await new Promise(resolve => setTimeout(resolve, 5))
  rmSync(at('hold'))
  writeFileSync(at('value'), 'sk-third-0123456789')
  await Promise.all([slow, keeper.refresh()])
  const found = (await keeper.gather([entry], context)).get('A')
  keeper.close()
  expect(found && said(found)).toBe('sk-third-0123456789')
})

test('a rate that no timer counts is no reason to ask without pause', async () => {
  const where = { name: 'REAL' }
  const entry = { variable: 'A', kind: 'env', where, refreshMs: 2 ** 31, timeoutMs: undefined } as const
  let asked = 0
  const onAsked = () => {
    asked += 1
  }
  const keeper = new SecretKeeper({ onChange: () => undefined, onEvent: () => undefined, onAsked })
  await keeper.gather([entry], { env: { REAL: 'sk-1' }, configDir: '/', connections: {} })
  await new Promise(resolve => setTimeout(resolve, 50))
  keeper.close()
  expect(asked).toBe(1)
})

test('when it is closed, a program that is being asked is ended, and nothing is told of it', async () => {
  const configDir = folder()
  const at = (name: string): string => join(configDir, name)
  const program = `import { existsSync, writeFileSync } from 'node:fs'
if (existsSync('hold')) { setInterval(() => {}, 1000); writeFileSync('pid', String(process.pid)) }
else process.stdout.write('sk-first-0123456789')`
  writeFileSync(at('tool.mjs'), program)
  const where = { argv: [process.execPath, 'tool.mjs'] }
  const entry = { variable: 'A', kind: 'exec', where, refreshMs: 3_600_000, timeoutMs: 3_600_000 } as const
  const context = { env: { PATH: process.env['PATH'] }, configDir, connections: {} }
  const told: unknown[] = []
  const keeper = new SecretKeeper({ onChange: () => undefined, onEvent: event => told.push(event) })
  await keeper.gather([entry], context)
  writeFileSync(at('hold'), '')
  const asking = keeper.refresh()
  await vi.waitFor(() => expect(existsSync(at('pid'))).toBe(true), { timeout: 20_000 })
  keeper.close()
  await asking
  const pid = Number(readFileSync(at('pid'), 'utf8'))
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(/ESRCH/), { timeout: 20_000 })
  expect(told).toEqual([])
}, 40_000)
