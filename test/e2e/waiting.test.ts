import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { agw, BIN, cleanEnv, tempFolder } from '../helpers/agw.ts'
import { keyLike } from '../helpers/keys.ts'
import { noTerminal, SCRIPT, unless } from '../helpers/needs.ts'

const KEY = keyLike('openai', 'waiting')
const WAITS = 'reading the config and its keys …'
/** Takes the line away. */
const ERASED = '\r\u001b[K'

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
  await writeFile(
    join(folder, 'config.yaml'),
    'llm: {models: [{name: "*", provider: openAI, params: {apiKey: "$OPENAI_API_KEY"}}]}\n',
  )
  await writeFile(join(folder, 'slow.sh'), `sleep 2; echo ${KEY}\n`)
  await writeFile(join(folder, 'agw.yaml'), 'secrets: {OPENAI_API_KEY: {exec: [sh, slow.sh]}}\n')
})

/** What a person sees. */
function screen(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const command = [process.execPath, BIN, ...args].map(word => `'${word}'`).join(' ')
  const child = spawn(SCRIPT, ['-qec', command, '/dev/null'], {
    cwd: folder,
    env: cleanEnv(folder, { TERM: 'xterm', AGW_TRUST: '1', ...env }),
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let seen = ''
  child.stdout.on('data', (chunk: Buffer) => {
    seen += chunk.toString()
  })
  return new Promise(resolve => child.on('close', () => resolve(seen)))
}

describe.skipIf(noTerminal !== undefined)(`a source that takes its time${unless(noTerminal)}`, () => {
  it('is told while it is waited for, and no longer', async () => {
    const seen = await screen(['keys', 'list'])
    const [before = '', after = ''] = seen.split(WAITS)
    expect(after).toContain(ERASED)
    expect(after.indexOf(ERASED)).toBeLessThan(after.indexOf('openai'))
    expect(before).not.toContain('openai')
    expect(after).not.toContain('waiting')
  })

  it.each([
    ['under --json', ['keys', 'list', '--json'], {}],
    ['in CI', ['keys', 'list'], { CI: '1' }],
  ])('is not told %s', async (_, args, env) => {
    expect(await screen(args, env)).not.toContain(WAITS)
  })
})

it('is not told where nobody looks', async () => {
  const { stderr, status } = await agw(['keys', 'list'], { cwd: folder, env: { AGW_TRUST: '1' } })
  expect(status, stderr).toBe(0)
  expect(stderr).toBe('')
})
