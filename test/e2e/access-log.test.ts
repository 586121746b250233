import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, rename, truncate, writeFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { call } from '../gateway/kit/client.ts'
import { startUpstream } from '../gateway/kit/upstream.ts'
import { BIN, cleanEnv, type Running, start, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'

let folder: string
let port: number
beforeEach(async () => {
  folder = await tempFolder()
  port = await freePort()
  const upstream = await startUpstream(response =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"model":"m"}'),
  )
  const ai = { name: 'openai', hostOverride: `127.0.0.1:${upstream.port}`, provider: { openAI: {} } }
  const routes = [{ backends: [{ ai }], policies: { backendAuth: { key: 'sk-access-log-0000' } } }]
  await writeFile(join(folder, 'config.yaml'), JSON.stringify({ binds: [{ port, listeners: [{ routes }] }] }))
})

async function serve(...args: string[]): Promise<Running> {
  const running = start(['serve', '--json', '--log-format', 'json', ...args], { cwd: folder })
  await running.until('"ready"')
  return running
}

function ask(agent: Agent, model = 'm', path = '/v1/chat/completions') {
  const body = JSON.stringify({ model, messages: [] })
  return call(port, { path, headers: { 'content-type': 'application/json' }, body, agent })
}

const file = () => join(folder, 'access.log')
const linesOf = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as Record<string, unknown>)
const linesIn = async (path: string) => linesOf(await readFile(path, 'utf8'))

describe('the access log', () => {
  it.each([
    ['a file, of one process', '1', true],
    ['a file, of two workers', '2', true],
    ['standard error, of one process', '1', false],
    ['standard error, of two workers', '2', false],
  ])(
    'has a line for each answer when the gateway ends under load: %s',
    { timeout: 60_000 },
    async (_, workers, isFile) => {
      const running = await serve('--workers', workers, ...(isFile ? ['--access-log', file()] : []))
      const agent = new Agent({ keepAlive: true, maxSockets: 16 })
      let answered = 0
      let isOver = false
      const clients = Array.from({ length: 16 }, async () => {
        while (!isOver) {
          const { status } = await ask(agent).catch(() => ({ status: 0 }))
          if (status === 0) return
          answered++
        }
      })
      await expect.poll(() => answered, { timeout: 30_000 }).toBeGreaterThan(300)
      const stopped = running.stop()
      expect(await stopped).toBe(0)
      isOver = true
      await Promise.all(clients)
      const lines = isFile ? await linesIn(file()) : linesOf(running.stderr())
      expect(lines.filter(line => line['http.status'] === 200)).toHaveLength(answered)
    },
  )

  it('goes on in a new file when the old one was moved, and in the same when it was cut', {
    timeout: 60_000,
  }, async () => {
    const running = await serve('--access-log', file())
    const agent = new Agent({ keepAlive: true })
    const paths = ['/v1/a', '/v1/b', '/v1/c'].map(path => `${path}/chat/completions`)
    const [first = '', second = '', third = ''] = paths
    await ask(agent, 'm', first)
    await expect.poll(async () => (await linesIn(file())).length).toBe(1)
    await rename(file(), `${file()}.1`)
    await new Promise(resolve => setTimeout(resolve, 1100))
    await ask(agent, 'm', second)
    await expect.poll(() => existsSync(file()), { timeout: 5000 }).toBe(true)
    await expect.poll(async () => (await linesIn(file())).length).toBe(1)
    // As logrotate does with copytruncate: what is written next stands at the start, with no hole before it.
    await truncate(file(), 0)
    await ask(agent, 'm', third)
    await expect.poll(async () => (await linesIn(file())).map(line => line['http.path'])).toEqual([third])
    expect(await running.stop()).toBe(0)
    expect((await linesIn(`${file()}.1`)).map(line => line['http.path'])).toEqual([first])
  })

  it.skipIf(!existsSync('/dev/full')).each(['1', '2'])(
    'that cannot be written is told of once, and requests are answered, with --workers %s',
    async workers => {
      const running = await serve('--access-log', '/dev/full', '--workers', workers)
      for (let i = 0; i < 3; i++) {
        // Connections go to the workers in turn.
        for (let to = 0; to < Number(workers); to++)
          expect((await ask(new Agent({ keepAlive: false }))).status).toBe(200)
        await new Promise(resolve => setTimeout(resolve, 150))
      }
      const lost = 'the access log cannot be written to /dev/full (ENOSPC); lines are lost'
      await running.until(`{"event":"warning","message":"${lost}"`)
      expect(await running.stop()).toBe(0)
      expect(running.stdout().match(/ENOSPC/g)).toHaveLength(1)
    },
  )

  it.each(['1', '2'])(
    'whose reader has gone ends nothing, with --workers %s',
    { timeout: 60_000 },
    async workers => {
      const child = spawn(process.execPath, [BIN, 'serve', '--json', '--workers', workers], {
        cwd: folder,
        env: cleanEnv(folder),
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      onTestFinished(() => void child.kill('SIGKILL'))
      let said = ''
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString()
      })
      await expect.poll(() => said, { timeout: 30_000 }).toContain('"ready"')
      child.stderr.destroy()
      const agent = new Agent({ keepAlive: true })
      for (let i = 0; i < 4; i++) {
        expect((await ask(agent)).status).toBe(200)
        await new Promise(resolve => setTimeout(resolve, 150))
      }
      expect(said).not.toContain('has died')
      const ended = new Promise(resolve => child.once('exit', resolve))
      child.kill('SIGTERM')
      expect(await ended).toBe(0)
    },
  )

  it('keeps what a client sends in the line of its request', async () => {
    const running = start(['serve', '--json'], { cwd: folder })
    await running.until('"ready"')
    const agent = new Agent({ keepAlive: true })
    const hostile =
      'x\n2026-01-01T00:00:00.000Z\tinfo\trequest http.status=200 forged=1\r\u001b[2J\u009b31m\u2028\u202e'
    await ask(agent, hostile, `/v1/chat/completions?a=%0a%1b[2J&${'b'.repeat(4000)}`)
    await raw(`GET /\u001b[2J HTTP/1.1\r\nhost: a\u001b[2J\r\n\r\n`)
    await raw(`GET /a?b=\u00e9\u009b HTTP/1.1\r\nhost: a b=c "d"\r\n\r\n`)
    await running.stop()
    const text = running.stderr()
    expect(text).toMatch(/gen_ai\.request\.model="x\\n2026/)
    expect(text).not.toMatch(/^(?!\d{4}-\d\d-\d\dT[\d:.]+Z\t(?:info|warn)\trequest )./m)
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u202e]/)
  })
})

/** Sends bytes as they are, and waits for the end of whatever is answered. */
function raw(text: string): Promise<void> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => socket.end(text, 'latin1'))
    socket.on('error', () => {})
    socket.on('close', () => resolve())
    socket.resume()
  })
}
