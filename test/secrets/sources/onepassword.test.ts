import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { gather } from '../../../src/secrets/gather.ts'
import { onePasswordSource } from '../../../src/secrets/sources/onepassword.ts'
import { isWindows, tempFolders } from '../folders.ts'
import { contract, problem, said } from './contract.ts'

const folder = tempFolders()

/**
 * A stand-in for `op`: it fills in templates from files, and writes down how it was called. The real one needs an
 * account, and its messages are known from its documentation only.
 */
const SHIM = `#!${process.execPath}
const fs = require('node:fs'), path = require('node:path')
const input = fs.readFileSync(0, 'utf8')
const log = { argv: process.argv.slice(2), env: Object.keys(process.env).sort(), input }
fs.appendFileSync(path.join(__dirname, 'calls'), JSON.stringify(log) + '\\n')
const state = fs.existsSync(path.join(__dirname, 'state')) ? fs.readFileSync(path.join(__dirname, 'state'), 'utf8') : ''
const fail = text => { console.error('[ERROR] 2026/11/26 05:00:00 ' + text); process.exit(1) }
if (state) fail(state)
if (process.argv[2] === 'whoami') { console.log('URL: https://my.1password.com'); process.exit(0) }
const missing = []
const out = input.replace(/{{ op:\\/\\/(\\w+)\\/(\\w+)\\/(\\w+) }}/g, (_, vault, item, field) => {
  const file = path.join(__dirname, 'fields', field)
  if (!fs.existsSync(file)) { missing.push(field); return '' }
  return fs.readFileSync(file, 'utf8')
})
if (missing.length) fail('could not resolve item: "' + missing[0] + '" isn\\'t an item')
process.stdout.write(out + '\\n')
`

function shim() {
  const dir = folder()
  writeFileSync(join(dir, 'op'), SHIM)
  chmodSync(join(dir, 'op'), 0o755)
  const fields = join(dir, 'fields')
  mkdirSync(fields)
  const env = {
    PATH: `${dir}:${process.env['PATH']}`,
    OP_SERVICE_ACCOUNT_TOKEN: 'ops_x',
    OPENAI_API_KEY: 'sk-canary',
    HOME: dir,
  }
  const calls = (): { argv: string[]; env: string[]; input: string }[] =>
    existsSync(join(dir, 'calls'))
      ? readFileSync(join(dir, 'calls'), 'utf8')
          .trim()
          .split('\n')
          .map(line => JSON.parse(line))
      : []
  return { dir, fields, calls, context: { env, configDir: dir, connections: {} } }
}

const entry = (field: string) =>
  ({
    variable: field,
    kind: 'op',
    where: { reference: `op://dev/llm/${field}` },
    refreshMs: undefined,
    timeoutMs: 5000,
  }) as const

contract(
  'op',
  () => {
    const { fields, context } = shim()
    return {
      context,
      where: name => ({ reference: `op://dev/llm/${name}` }),
      put: (name, value) => writeFileSync(join(fields, name), value),
      take: name => rmSync(join(fields, name)),
    }
  },
  { fake: 'a stand-in for the program op', skip: isWindows ? 'it is a script' : undefined },
)

describe.skipIf(isWindows)('the source op, on a stand-in for the program', () => {
  test('one call for all references, which go in on stdin; nothing of the environment but what op needs', async () => {
    const { fields, calls, context } = shim()
    for (const name of ['A', 'B', 'C']) writeFileSync(join(fields, name), `sk-${name}`)
    const found = await gather(['A', 'B', 'C'].map(entry), {
      ...context,
      connections: { op: { account: 'team' } },
    })
    expect([...found.values()].map(said)).toEqual(['sk-A', 'sk-B', 'sk-C'])
    const [call, ...more] = calls()
    expect(more).toEqual([])
    expect(call?.argv).toEqual(['inject', '--account', 'team'])
    expect(call?.env).toEqual(['HOME', 'OP_SERVICE_ACCOUNT_TOKEN', 'PATH'])
  })

  test.each([
    ['You are not currently signed in. Please run `op signin --help`', 'locked', /not logged in/],
    [
      '(429) Too Many Requests: You have reached the maximum number of requests: sk-canary',
      'unreachable',
      /rate limit/,
    ],
    ['something else: sk-canary', 'unreadable', /op failed/],
  ])('one failure is one call, and its words are not shown: %s', async (words, code, message) => {
    const { dir, calls, context } = shim()
    writeFileSync(join(dir, 'state'), words)
    const found = problem((await gather([entry('A'), entry('B')], context)).get('B'))
    expect(found).toMatchObject({ code, message: expect.stringMatching(message) })
    expect(JSON.stringify(found)).not.toContain('canary')
    expect(calls().length).toBe(1)
    expect(await onePasswordSource.probe?.(context)).toMatchObject({ ok: false })
  })

  test('without the program it says how to get it', async () => {
    const found = problem(
      (await gather([entry('A')], { env: { PATH: '/nowhere' }, configDir: folder(), connections: {} })).get(
        'A',
      ),
    )
    expect(found).toMatchObject({ code: 'not-installed', hint: expect.stringContaining('1password.com') })
  })
})
