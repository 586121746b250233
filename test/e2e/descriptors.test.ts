import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { Agent, createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { BIN, cleanEnv, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'

/** The status and body of an answer, or the code of what went wrong. */
function ask(port: number, path: string, agent?: Agent): Promise<string> {
  return new Promise(resolve => {
    const request = get({ host: '127.0.0.1', port, path, agent }, response => {
      let body = ''
      response.on('data', chunk => {
        body += chunk
      })
      response.on('end', () => resolve(`${response.statusCode} ${body}`))
    })
    request.on('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)))
  })
}

it.skipIf(process.platform === 'win32')(
  'a gateway out of file descriptors says so, answers what it has taken in, and recovers',
  async () => {
    const held: (() => void)[] = []
    const upstream = createServer((request, response) => {
      if (request.url !== '/held') response.end('ok')
      else held.push(() => response.end('held'))
    }).listen(0, '127.0.0.1')
    onTestFinished(() => {
      upstream.close()
      upstream.closeAllConnections()
    })
    await new Promise(resolve => upstream.once('listening', resolve))
    const folder = await tempFolder()
    const host = `127.0.0.1:${(upstream.address() as AddressInfo).port}`
    const port = await freePort()
    const config = { binds: [{ port, listeners: [{ routes: [{ backends: [{ host }] }] }] }] }
    await writeFile(join(folder, 'config.yaml'), JSON.stringify(config))
    const serve = [process.execPath, BIN, 'serve', '--admin', 'off']
    const child = spawn('sh', ['-c', 'ulimit -n 100; exec "$@"', 'sh', ...serve], {
      cwd: folder,
      env: cleanEnv(folder),
    })
    const ended = new Promise(resolve => child.once('exit', resolve))
    onTestFinished(() => void child.kill('SIGKILL'))
    let said = ''
    const hear = (chunk: Buffer): void => {
      said += chunk.toString()
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    await expect.poll(() => /ready/.exec(said), { timeout: 60_000 }).not.toBeNull()

    const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY })
    // These have their upstream before the crowd comes: a crowd alone may fill every descriptor with clients.
    const early = Array.from({ length: 10 }, () => ask(port, '/held', agent))
    await expect.poll(() => held.length, { timeout: 60_000 }).toBe(early.length)
    const all = [...early, ...Array.from({ length: 200 }, () => ask(port, '/held', agent))]
    // The line of the log comes with the first call for which there is no descriptor left.
    await expect.poll(() => said, { timeout: 60_000 }).toMatch(/http\.status=503 .*too many open files/)
    const answering = setInterval(() => {
      for (const answer of held.splice(0)) answer()
    }, 50)
    const answers = await Promise.all(all)
    clearInterval(answering)
    expect(answers.slice(0, early.length)).toEqual(early.map(() => '200 held'))
    expect(answers).toContain('503 upstream call failed: too many open files')
    // The rest was never taken in: the system closes what it cannot hand over.
    const other = answers.filter(one => one !== '200 held' && !one.startsWith('503 '))
    expect(other.filter(one => one !== 'ECONNRESET' && one !== 'EPIPE')).toEqual([])
    agent.destroy()

    await expect.poll(() => ask(port, '/'), { timeout: 60_000 }).toBe('200 ok')
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  },
)
