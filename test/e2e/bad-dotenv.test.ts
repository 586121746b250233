import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { agw, type Run, tempFolder } from '../helpers/agw.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'

const KEY = keyLike('openai', 'dotenv')

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
  await writeFile(join(folder, 'config.yaml'), GUIDE.env)
})

async function run(args: string[], dotenv: string | Buffer): Promise<Run> {
  await writeFile(join(folder, '.env'), dotenv, { mode: 0o600 })
  const done = await agw(args, { cwd: folder, input: '' })
  expect(done.stdout + done.stderr).not.toContain(KEY.slice(10, 40))
  return done
}

interface Finding {
  readonly about: string
  readonly state: string
  readonly detail: string
  readonly hint: string
}

async function doctor(dotenv: string | Buffer): Promise<Finding[]> {
  const { status, stdout } = await run(['doctor', '--json'], dotenv)
  expect(status).toBe(1)
  return JSON.parse(stdout).findings
}

const latin1 = Buffer.from(`# own keys\nTEAM=caf\xe9\nOPENAI_API_KEY=${KEY}\n`, 'latin1')
const utf16 = Buffer.from(`\ufeffOPENAI_API_KEY=${KEY}\n`, 'utf16le')
const NOT_TEXT: [string, Buffer, string, RegExp][] = [
  ['a sign in another encoding', latin1, '.env:2:9', /save it as UTF-8/],
  ['UTF-16, as PowerShell writes it', utf16, '.env:1:1', /it looks like UTF-16: save it as UTF-8/],
]

describe('a dotenv file that is no text', () => {
  it.each(NOT_TEXT)('stops serve, which names the place: %s', async (_, bytes, place, hint) => {
    const done = await run(['serve'], bytes)
    expect(done.status).toBe(4)
    expect(done.stderr).toContain(`error ${place}: this is no text in UTF-8\n`)
    expect(done.stderr).toMatch(hint)
  })

  it.each(NOT_TEXT)('does not stop doctor: %s', async (_, bytes, place, hint) => {
    const found = await doctor(bytes)
    expect(found).toContainEqual(
      expect.objectContaining({ about: 'dotenv file', state: 'error', hint: expect.stringMatching(hint) }),
    )
    expect(found.find(one => one.about === 'dotenv file')?.detail).toContain(place)
    expect(found.map(one => one.about)).toEqual(expect.arrayContaining(['config', 'key openai', 'port 3000']))
  })

  it.each(NOT_TEXT)('is a finding of its own for validate: %s', async (_, bytes, place) => {
    const done = await run(['validate'], bytes)
    expect(done.status).toBe(1)
    expect(done.stdout).toContain(`${place} error DOTENV_UNREADABLE\n  this is no text in UTF-8\n`)
    const explained = await agw(['explain', 'DOTENV_UNREADABLE'], { cwd: folder })
    expect(explained.stdout).not.toContain('agw.yaml')
  })
})

describe('a line of a dotenv file that is none', () => {
  const bad = `# own keys\n  OPENAI_API_KEY: ${KEY}\n`

  it.each(['serve', 'test-route'])('is named by %s when a variable is missing', async command => {
    const done = await run([command], bad)
    expect(done.status).toBe(4)
    expect(done.stderr).toMatch(
      /config\.yaml:\d+:\d+: the variable OPENAI_API_KEY is not set\n.*→ mend \.env:2:3 \(this line is not NAME=value\), or store the key/,
    )
  })

  it('is not named where the variable is there', async () => {
    const done = await run(['keys', 'check', 'nobody'], `OPENAI_API_KEY=${KEY}\nhalf a line\n`)
    expect(done.stderr).not.toContain('.env')
  })

  it('does not stop doctor, which names it', async () => {
    const found = await doctor(bad)
    expect(found).toContainEqual(
      expect.objectContaining({
        about: 'dotenv file',
        state: 'warning',
        detail: expect.stringContaining('.env:2:3'),
      }),
    )
    expect(found.find(one => one.about === 'key openai')).toMatchObject({ state: 'error' })
  })
})
