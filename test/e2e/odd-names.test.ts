import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { agw, type Run, tempFolder } from '../helpers/agw.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'

/** Clears a screen, twice; turns the direction of writing; begins a line that is a command to the runner of a pipeline. */
const ODD = 'a\u001b[2J\u009b2J\u202e\n::error::x.yaml'
const SHOWN = 'a\u241b[2J\ufffd2J\ufffd\u240a::error::x.yaml'

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})
const put = (name: string, content: string) => writeFile(join(folder, name), content)

function expectHarmless({ stdout, stderr }: Run, but = /$ ^/): void {
  for (const line of (stdout + stderr).split('\n')) {
    expect(line).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e]/)
    if (!but.test(line)) expect(line).not.toMatch(/^::/)
  }
}

describe.skipIf(process.platform === 'win32')('a name that a terminal or a runner would act on', () => {
  it.each(['text', 'json', 'github', 'sarif', 'junit'])('of what cannot be read, as %s', async format => {
    await mkdir(join(folder, ODD))
    const run = await agw(['validate', ODD, '--format', format], { cwd: folder })
    expect(run.status).toBe(2)
    expect(run.stdout + run.stderr).toContain('it is a folder')
    expectHarmless(run, /^::error title=agw validate::cannot read/)
    if (format === 'json') expect(JSON.parse(run.stdout).error.message).toContain(join(folder, ODD))
    else expect(run.stderr).toContain(`cannot read ${join(folder, SHOWN)}: it is a folder`)
  })

  it.each(['text', 'json', 'github', 'sarif', 'junit'])(
    'of one of several that cannot be read, as %s',
    async format => {
      await mkdir(join(folder, ODD))
      await put('config.yaml', GUIDE.env)
      const env = { OPENAI_API_KEY: keyLike('openai', 'odd names') }
      const run = await agw(['validate', 'config.yaml', ODD, '--format', format], { cwd: folder, env })
      expect(run.status).toBe(2)
      expectHarmless(run, /^::error file=a%?.*title=/)
      if (format === 'json') expect(JSON.parse(run.stdout).files[1].file).toBe(ODD)
      if (format === 'sarif')
        expect(JSON.stringify(JSON.parse(run.stdout))).toContain(JSON.stringify(ODD).slice(1, -1))
    },
  )

  it('of what is written', async () => {
    const run = await agw(['init', '--provider', 'openai', '--method', 'env', '--file', ODD, '--yes'], {
      cwd: folder,
    })
    expect(run.status, run.stderr).toBe(0)
    expect(run.stderr).toContain(`new file ${SHOWN}`)
    expectHarmless(run)
  })

  it('of a client', async () => {
    const name = '"a\\e[2J\\x9b\\u202e\\n::error::x"'
    const keys = `keys: [{ keyHash: "sha256:${'ab'.repeat(32)}", metadata: { name: ${name} } }]`
    await put(
      'config.yaml',
      `llm: { port: 1, models: [{ name: m, provider: openAI }], policies: { apiKey: { ${keys} } } }\n`,
    )
    for (const args of [
      ['list'],
      ['list', '--json'],
      ['remove', 'nobody'],
      ['remove', 'sha256:abababab', '--yes'],
    ]) {
      const run = await agw(['clients', ...args], { cwd: folder })
      expect(run.stdout + run.stderr).toMatch(/::error::x/)
      expectHarmless(run)
    }
  })
})
