import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { agw, tempFolder } from '../helpers/agw.ts'
import { keyLike } from '../helpers/keys.ts'

const KEY = keyLike('openai', 'agw.yaml')
const CONFIG = `llm:
  models:
  - name: gpt-5
    provider: openAI
    params: {apiKey: "$OPENAI_API_KEY"}
`

let cwd: string
beforeEach(async () => {
  cwd = await tempFolder()
  await put('config.yaml', CONFIG)
})
const put = (name: string, text: string) => writeFile(join(cwd, name), text, { mode: 0o600 })
const run = (args: string[], env: Record<string, string> = {}) => agw(args, { cwd, env })
const exec = `secrets:\n  OPENAI_API_KEY: { exec: ["${process.execPath}", -p, "'${KEY}'"] }\n`

describe('agw.yaml beside the config', () => {
  it.each(['validate', 'keys list', 'test-route --model gpt-5 --explain'])(
    '%s takes values from its sources',
    async command => {
      await put('agw.yaml', 'secrets:\n  OPENAI_API_KEY: { file: openai.key }\n')
      await put('openai.key', `${KEY}\n`)
      const { status, stdout, stderr } = await run([...command.split(' '), '--json'])
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      expect(stdout).not.toContain(KEY)
      if (command === 'keys list') {
        expect(JSON.parse(stdout).keys[0]).toMatchObject({
          method: 'file',
          source: '$OPENAI_API_KEY (file openai.key)',
          mode: '0600',
          state: 'ok',
        })
      }
    },
  )

  it('validate --strict does not pass while others can read a file that it names', async () => {
    await put('agw.yaml', 'secrets:\n  OPENAI_API_KEY: { file: openai.key }\n')
    await put('openai.key', `${KEY}\n`)
    expect((await run(['validate', '--strict'])).status).toBe(0)
    await chmod(join(cwd, 'openai.key'), 0o644)
    const { status, stdout, stderr } = await run(['validate', '--strict'])
    expect(status).toBe(1)
    expect(stdout + stderr).toMatch(/KEY_FILE_MODE[\s\S]*chmod 600 openai\.key/)
  })

  it('keys list tells the mode of a dotenv file that it names, and whose it is', async () => {
    await put('agw.yaml', 'secrets:\n  OPENAI_API_KEY: { dotenv: keys.env }\n')
    await put('keys.env', `OPENAI_API_KEY=${KEY}\n`)
    await chmod(join(cwd, 'keys.env'), 0o640)
    const { stdout } = await run(['keys', 'list', '--json'])
    expect(JSON.parse(stdout).keys).toMatchObject([{ method: 'dotenv', mode: '0640', state: 'ok' }])
  })

  it('validate reports it as a file of its own, with places', async () => {
    await put('agw.yaml', 'secrets:\n  OPENAI_API_KEY: { flie: openai.key }\n')
    const { status, stdout } = await run(['validate', '--json'])
    expect(status).toBe(1)
    const { files } = JSON.parse(stdout)
    expect(files.find((one: { file: string }) => one.file === 'agw.yaml')).toMatchObject({
      file: 'agw.yaml',
      valid: false,
      diagnostics: [
        { code: 'UNKNOWN_KEY', line: 2, column: 21, hint: expect.stringMatching(/^did you mean "file"/) },
      ],
    })
  })

  it.each(['keys list', 'serve', 'test-route'])(
    '%s does not start on one that is wrong: exit 3',
    async command => {
      await put('agw.yaml', 'secrets:\n  OPENAI_API_KEY: { flie: openai.key }\n')
      const { status, stderr } = await run(command.split(' '))
      expect(status).toBe(3)
      expect(stderr).toMatch(/^error agw\.yaml:2:21: "flie" is not a key of a secret/)
    },
  )

  it.each(['serve', 'test-route'])('%s says which source gives no value: exit 4', async command => {
    await put('agw.yaml', 'secrets:\n  OPENAI_API_KEY: { file: openai.key }\n')
    const { status, stderr } = await run(command.split(' '))
    expect(status).toBe(4)
    expect(stderr).toMatch(
      /config\.yaml:5:23: OPENAI_API_KEY \(file openai\.key\): nothing is stored there\n {2}→ /,
    )
  })

  it('a program is run only after agw trust, and again not when the file has changed', async () => {
    await put('agw.yaml', exec)
    const before = await run(['validate'])
    expect(before.status).toBe(1)
    expect(before.stdout).toContain('agw trust')
    const trusted = await run(['trust', '--json'])
    expect(JSON.parse(trusted.stdout)).toMatchObject({
      changed: true,
      demands: [expect.stringMatching(/^runs \S+ \S+/)],
    })
    expect((await run(['validate'])).status).toBe(0)
    await put('agw.yaml', `${exec}# changed\n`)
    expect((await run(['validate'])).status).toBe(1)
    expect((await run(['validate'], { AGW_TRUST: '1' })).status).toBe(0)
  })

  it('keys move names the trust that is missing, for a key the reason of its own source', async () => {
    const vault = 'vault: { address: "http://127.0.0.1:9", login: { kubernetes: { role: agw } } }\n'
    await put('agw.yaml', exec)
    const moved = await run(['keys', 'move', 'gpt-5', '--to', 'env', '--yes'])
    expect([moved.status, moved.stderr]).toEqual([4, expect.stringMatching(/ runs .*\n.*`agw trust`/)])
    const other =
      'secrets:\n  OTHER: { exec: [./get.sh] }\n  OPENAI_API_KEY: { vault: { path: a/data/b, field: c } }\n'
    await put('agw.yaml', `${other}sources:\n  ${vault}`)
    const { stdout } = await run(['validate'])
    expect(stdout).toMatch(/agw\.yaml logs in at an address of its own \(vault\)/)
    expect(stdout).not.toContain('get.sh')
  })

  it('a .env beside the config gives no trust', async () => {
    await put('agw.yaml', exec)
    await put('.env', 'AGW_TRUST=1\n')
    const { status, stdout } = await run(['validate'])
    expect(status).toBe(1)
    expect(stdout).toContain('agw trust')
  })

  it('validate --no-secrets runs nothing and asks nobody', async () => {
    const made = join(cwd, 'made')
    await put('agw.yaml', `secrets:\n  OPENAI_API_KEY: { exec: [touch, "${made}"] }\n`)
    expect((await run(['validate', '--no-secrets'], { AGW_TRUST: '1' })).status).toBe(0)
    expect((await run(['validate'], { AGW_TRUST: '1' })).status).toBe(1)
    expect(
      JSON.parse((await run(['validate', '--json'], { AGW_TRUST: '1' })).stdout).files[0].diagnostics,
    ).toMatchObject([{ code: 'SOURCE_FAILED', message: 'OPENAI_API_KEY (exec touch): the value is empty' }])
  })

  it('a default in the config does not stand in for a source that fails', async () => {
    await put('config.yaml', CONFIG.replace('$OPENAI_API_KEY', `\${OPENAI_API_KEY:-${KEY}}`))
    await put('agw.yaml', 'secrets:\n  OPENAI_API_KEY: { exec: [no-such-tool] }\n')
    const { status, stdout } = await run(['validate'], { AGW_TRUST: '1' })
    expect(status).toBe(1)
    expect(stdout).toContain('no-such-tool is not installed')
  })

  it('agw run hands on every variable that it names, used by the config or not, and says which source fails', async () => {
    await put('agw.yaml', 'secrets:\n  OPENAI_API_KEY: { file: a.key }\n  OTHER: { file: b.key }\n')
    await put('a.key', KEY)
    const print = [
      'run',
      '--',
      process.execPath,
      '-p',
      '[process.env.OPENAI_API_KEY, process.env.OTHER].map(one => one?.length)',
    ]
    const failed = await run(print)
    expect(failed.status).toBe(4)
    expect(failed.stderr).toContain('OTHER (file b.key): nothing is stored there')
    await put('b.key', 'sk-other-0123456789')
    const { status, stdout } = await run(print)
    expect({ status, stdout }).toEqual({ status: 0, stdout: `[ ${KEY.length}, 19 ]\n` })
    expect((await run(['run', '--only', 'OTHER', ...print.slice(1)])).stdout).toBe('[ undefined, 19 ]\n')
  })
})
