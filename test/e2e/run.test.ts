import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { constants } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { agw, BIN, cleanEnv, start, tempFolder } from '../helpers/agw.ts'
import { GUIDE } from '../helpers/guide.ts'
import { keyLike } from '../helpers/keys.ts'
import { leaksOf } from '../helpers/leaks.ts'
import { noTerminal, SCRIPT, unless } from '../helpers/needs.ts'

const KEY = keyLike('openai', 'run')
const OTHER = keyLike('plain', 'not in the config')

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
  await writeFile(join(folder, 'config.yaml'), GUIDE.env)
  await writeFile(join(folder, '.env'), `OPENAI_API_KEY=${KEY}\nOTHER_KEY=${OTHER}\n`, { mode: 0o600 })
})

const node = (script: string, ...args: string[]): string[] => [
  'run',
  '--',
  process.execPath,
  '-e',
  script,
  '--',
  ...args,
]

describe('agw run', () => {
  it('gives the variables of the config to the command, and nothing else of .env', async () => {
    const script = `require('fs').writeFileSync('seen', JSON.stringify([process.env.OPENAI_API_KEY, process.env.OTHER_KEY ?? null, process.env.MINE, process.argv.slice(1)]))`
    const run = await agw(node(script, '--json', '$OPENAI_API_KEY', '-f'), {
      cwd: folder,
      env: { MINE: 'x' },
    })
    expect(run.status).toBe(0)
    const seen = JSON.parse(await readFile(join(folder, 'seen'), 'utf8'))
    expect(seen).toEqual([KEY, null, 'x', ['--json', '$OPENAI_API_KEY', '-f']])
  })

  it('a variable of the process wins over .env', async () => {
    const script = `process.exit(process.env.OPENAI_API_KEY === 'from-the-shell' ? 0 : 1)`
    const run = await agw(node(script), { cwd: folder, env: { OPENAI_API_KEY: 'from-the-shell' } })
    expect(run.status).toBe(0)
  })

  it.each([0, 1, 7, 42, 255])('ends with the status of the command: %i', async status => {
    const run = await agw(node(`process.exit(${status})`), { cwd: folder })
    expect(run).toEqual({ status, stdout: '', stderr: '' })
  })

  it.each(['SIGTERM', 'SIGKILL', 'SIGHUP', 'SIGSEGV'] as const)(
    'ends with 128 and the number of the signal that ended the command: %s',
    async signal => {
      const run = await agw(node(`process.kill(process.pid, '${signal}'); setInterval(() => {}, 1e3)`), {
        cwd: folder,
      })
      expect(run.status).toBe(128 + constants.signals[signal])
    },
  )

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGQUIT'] as const)(
    'passes %s on, and waits for what the command makes of it',
    async signal => {
      const script = `process.on('${signal}', () => { console.log('got it'); setTimeout(() => process.exit(9), 100) }); setInterval(() => {}, 1e3); console.log('ready')`
      const run = start(node(script), { cwd: folder })
      await run.until('ready')
      expect(await run.stop(signal)).toBe(9)
      expect(run.stdout()).toContain('got it')
    },
  )

  it('hands its standard input over', async () => {
    const input = 'one\ntwo\n'.repeat(20_000)
    const run = await agw(node('process.stdin.pipe(process.stdout)'), { cwd: folder, input })
    expect(run.stdout).toBe(input)
  })

  it('passes bytes on as they are', async () => {
    const script = `process.stdout.write(Buffer.from(Array.from({ length: 5000 }, (_, i) => i % 256)))`
    const child = spawn(process.execPath, [BIN, ...node(script)], { cwd: folder, env: cleanEnv(folder) })
    const chunks: Buffer[] = []
    for await (const chunk of child.stdout) chunks.push(chunk as Buffer)
    expect(Buffer.concat(chunks)).toEqual(Buffer.from(Array.from({ length: 5000 }, (_, i) => i % 256)))
  })
})

describe('what the command prints', () => {
  it.each(['stdout', 'stderr'] as const)('passes the redactor, cut wherever it may be: %s', async stream => {
    const script = `
      const text = '<' + process.env.OPENAI_API_KEY + '>'
      ;(async () => {
        for (let at = 1; at < text.length; at += 9) {
          process.${stream}.write(text.slice(0, at)); await new Promise(setImmediate)
          process.${stream}.write(text.slice(at) + '\\n'); await new Promise(setImmediate)
        }
        process.${stream}.write(Buffer.from(text).toString('base64') + encodeURIComponent(text))
      })()`
    const run = await agw(node(script), { cwd: folder })
    expect(run.status).toBe(0)
    expect(run[stream].split('\n')[0]).toMatch(/^<\[redacted sha256:[0-9a-f]{8}\]>$/)
    expect(run[stream]).not.toContain(KEY.slice(20, 40))
    expect(run[stream]).not.toContain(Buffer.from(KEY).toString('base64').slice(20, 40))
  })

  it.each([
    'AWS_CONTAINER_AUTHORIZATION_TOKEN',
    'AZURE_PASSWORD',
    'DIGITALOCEAN_ACCESS_TOKEN',
    'OP_SESSION_my',
  ])('knows the login of a store in %s', async name => {
    const run = await agw(node(`console.log(process.env['${name}'])`), {
      cwd: folder,
      env: { [name]: OTHER },
    })
    expect(run.stdout).toMatch(/^\[redacted sha256:[0-9a-f]{8}\]\n$/)
  })

  it.each(['HTTPS_PROXY', 'http_proxy'])('knows the password of a proxy in %s', async name => {
    const told = `console.log(process.env['${name}'], btoa('me:${OTHER}'))`
    const run = await agw(node(told), { cwd: folder, env: { [name]: `http://me:${OTHER}@proxy:3128` } })
    expect(run.stdout).toMatch(/^http:\/\/\[redacted sha256:[0-9a-f]{8}\]@proxy:3128 /)
    expect(leaksOf([OTHER])(run.stdout)).toEqual([])
  })

  it('is left alone by --no-redact', async () => {
    const args = node('console.log(process.env.OPENAI_API_KEY)')
    const run = await agw(['run', '--no-redact', ...args.slice(1)], { cwd: folder })
    expect(run.stdout).toBe(`${KEY}\n`)
  })

  it.skipIf(noTerminal !== undefined)(
    `owns the terminal where there is one${unless(noTerminal)}`,
    async () => {
      const script = 'console.log(process.stdout.isTTY, process.stderr.isTTY, process.stdin.isTTY)'
      await writeFile(join(folder, 'probe.js'), script)
      const line = `${process.execPath} ${BIN} run -- ${process.execPath} probe.js`
      const child = spawn(SCRIPT, ['-qec', line, '/dev/null'], {
        cwd: folder,
        env: cleanEnv(folder),
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      let text = ''
      for await (const chunk of child.stdout) text += String(chunk)
      expect(text.trim()).toBe('true true true')
    },
  )

  it('goes to stderr under --json, where stdout is one document', async () => {
    const args = node('console.log("out"); process.exit(3)')
    const run = await agw(['run', '--json', ...args.slice(1)], { cwd: folder })
    expect(run.status).toBe(3)
    expect(run.stderr).toBe('out\n')
    expect(JSON.parse(run.stdout)).toEqual({
      command: process.execPath,
      status: 3,
      variables: ['OPENAI_API_KEY'],
    })
  })
})

describe('agw run does not start', () => {
  it.skipIf(process.platform === 'win32')('a file that is not executable, as a shell says it', async () => {
    await writeFile(join(folder, 'plain'), 'echo', { mode: 0o600 })
    const run = await agw(['run', '--', './plain'], { cwd: folder })
    expect(run).toMatchObject({ status: 126, stderr: expect.stringContaining('it is not executable') })
  })

  it.each([
    ['a variable without a value', ['run', '--', 'true'], 4, /OPENAI_API_KEY: no value/],
    ['a command that is not there', ['run', '--', 'agw-no-such'], 127, /agw-no-such is not installed/],
    ['no command', ['run'], 2, /no command to start/],
    ['a command without the dashes', ['run', 'true'], 2, /no command to start/],
    ['its own flags without them', ['run', 'sh', '-c', 'true'], 2, /no command to start\n.*two dashes/],
    ['--only with a name that is not there', ['run', '--only', 'NOPE', '--', 'true'], 2, /not in the config/],
  ] as const)('%s', async (title, args, status, message) => {
    if (title.startsWith('a variable')) await writeFile(join(folder, '.env'), '')
    const run = await agw(args, { cwd: folder })
    expect(run.status).toBe(status)
    expect(run.stderr).toMatch(message)
    expect(run.stdout).toBe('')
  })

  it('unless it is told that a variable may be missing', async () => {
    await writeFile(join(folder, '.env'), '')
    const run = await agw(['run', '--allow-missing', '--', 'true'], { cwd: folder })
    expect(run.status).toBe(0)
  })
})

describe('agw serve --engine agentgateway', () => {
  /** A stand-in for the real binary that records how it was called. */
  async function standIn(body: string): Promise<{ PATH: string }> {
    const bin = join(folder, 'bin')
    await mkdir(bin)
    const text = `#!${process.execPath}\nconst fs = require('fs')\nfs.writeFileSync('called', JSON.stringify({ argv: process.argv.slice(2), key: process.env.OPENAI_API_KEY }))\n${body}\n`
    await writeFile(join(bin, 'agentgateway'), text)
    await chmod(join(bin, 'agentgateway'), 0o755)
    return { PATH: `${bin}:${process.env['PATH']}` }
  }

  it('starts the binary of the PATH with the config, and the keys in its environment only', async () => {
    const env = await standIn(`console.log('up', process.env.OPENAI_API_KEY); process.exit(5)`)
    const run = await agw(['serve', '--engine', 'agentgateway'], { cwd: folder, env })
    expect(run.status).toBe(5)
    expect(run.stdout).toMatch(/^up \[redacted sha256:[0-9a-f]{8}\]\n$/)
    const called = JSON.parse(await readFile(join(folder, 'called'), 'utf8'))
    expect(called).toEqual({ argv: ['-f', join(folder, 'config.yaml')], key: KEY })
  })

  it('gives it what agw.yaml says where to find', async () => {
    const env = await standIn('')
    await writeFile(join(folder, '.env'), '')
    await writeFile(join(folder, 'agw.yaml'), 'secrets: { OPENAI_API_KEY: { file: openai.key } }\n')
    await writeFile(join(folder, 'openai.key'), `${OTHER}\n`, { mode: 0o600 })
    expect(await agw(['serve', '--engine', 'agentgateway'], { cwd: folder, env })).toMatchObject({
      status: 0,
    })
    expect(JSON.parse(await readFile(join(folder, 'called'), 'utf8'))).toMatchObject({ key: OTHER })
  })

  it('passes signals and their status through', async () => {
    const env = await standIn(
      `process.on('SIGTERM', () => process.exit(17)); setInterval(() => {}, 1e3); console.log('up')`,
    )
    const running = start(['serve', '--engine', 'agentgateway'], { cwd: folder, env })
    await running.until('up')
    expect(await running.stop('SIGTERM')).toBe(17)
  })

  it.each([
    [
      'is not there',
      ['serve', '--engine', 'agentgateway'],
      2,
      /agentgateway is not installed.*\n.*agentgateway\.dev/,
    ],
    ['would not know a flag', ['serve', '--engine', 'agentgateway', '--mock'], 2, /--mock/],
    ['would not know another', ['serve', '--engine', 'agentgateway', '--host', '::1'], 2, /--host/],
  ] as const)('says so when the binary %s', async (_, args, status, message) => {
    const run = await agw(args, { cwd: folder, env: { PATH: '/usr/bin:/bin' } })
    expect(run.status).toBe(status)
    expect(run.stderr).toMatch(message)
  })

  it('does not start it on a config that cannot be used, or without a key', async () => {
    const env = await standIn('')
    await writeFile(join(folder, '.env'), '')
    expect((await agw(['serve', '--engine', 'agentgateway'], { cwd: folder, env })).status).toBe(4)
    await writeFile(join(folder, 'config.yaml'), 'binds: 3\n')
    expect((await agw(['serve', '--engine', 'agentgateway'], { cwd: folder, env })).status).toBe(3)
    expect(existsSync(join(folder, 'called'))).toBe(false)
  })
})
