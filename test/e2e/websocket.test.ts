import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { closed, openSocket, startSocketUpstream } from '../gateway/kit/websocket.ts'
import { agw, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { keyLike } from '../helpers/keys.ts'
import { serveWithAdmin } from '../helpers/serving.ts'

const KEY = keyLike('openai', 'websocket')
const DONE = JSON.stringify({
  type: 'response.done',
  response: { usage: { total_tokens: 12, input_tokens: 7, output_tokens: 5 } },
})

/** Answers with what it costs, and with the key that it was given. */
function session(socket: WebSocket): void {
  socket.on('message', data => {
    socket.send(DONE)
    socket.send(`${data} with ${KEY}`)
  })
}

describe('agw serve', () => {
  it.each(['1', '2'])('carries WebSockets, with %s workers', async workers => {
    const upstream = await startSocketUpstream(session)
    const [folder, port] = [await tempFolder(), await freePort()]
    const config = {
      config: { connectionTerminationDeadline: '1s' },
      gateways: { default: { port } },
      llm: {
        policies: { apiKey: { mode: 'strict', keys: [{ key: 'vk-one' }] } },
        models: [
          {
            name: '*',
            provider: 'openAI',
            params: { apiKey: '$WS_KEY', baseUrl: `http://127.0.0.1:${upstream.port}/v1` },
          },
        ],
      },
    }
    await writeFile(join(folder, 'config.yaml'), JSON.stringify(config))
    await writeFile(join(folder, '.env'), `WS_KEY=${KEY}\n`, { mode: 0o600 })
    const checked = await agw(['validate', '--engine', 'embedded'], { cwd: folder })
    expect(checked.status, checked.stdout + checked.stderr).toBe(0)
    const log = join(folder, 'access.log')
    const { running, admin } = await serveWithAdmin(
      ['--admin', '127.0.0.1:0', '--workers', workers, '--log-format', 'json', '--access-log', log],
      { cwd: folder },
    )
    const headers = { authorization: 'Bearer vk-one' }
    const path = '/v1/realtime?model=gpt-realtime'
    await expect(openSocket(port, path)).rejects.toThrow('401')
    const sockets = await Promise.all(Array.from({ length: 6 }, () => openSocket(port, path, { headers })))
    for (const socket of sockets) {
      const got: string[] = []
      socket.on('message', data => got.push(data.toString()))
      socket.send('hello')
      await expect.poll(() => got).toEqual([DONE, `hello with ${'*'.repeat(KEY.length)}`])
    }
    expect(upstream.handshakes.map(one => one.headers.authorization)).toEqual(
      Array.from({ length: 6 }, () => `Bearer ${KEY}`),
    )
    const [first, ...others] = sockets as [WebSocket, ...WebSocket[]]
    const gone = closed(first)
    first.close(1000)
    expect(await gone).toBe(1000)
    const lines = async (): Promise<Record<string, unknown>[]> =>
      (await readFile(log, 'utf8').catch(() => ''))
        .split('\n')
        .filter(Boolean)
        .map(line => JSON.parse(line) as Record<string, unknown>)
    await expect.poll(lines).toHaveLength(2)
    expect(await lines()).toContainEqual(
      expect.objectContaining({
        'http.status': 101,
        'gen_ai.request.model': 'gpt-realtime',
        'gen_ai.usage.input_tokens': 7,
        'gen_ai.usage.output_tokens': 5,
      }),
    )
    const metrics = await (await fetch(`${admin}/metrics`)).text()
    expect(metrics).toMatch(/agentgateway_requests_total\{[^}]*status="101"[^}]*\} 1\n/)
    const all = Promise.all(others.map(closed))
    expect(await running.stop('SIGTERM')).toBe(0)
    expect(await all).toEqual(others.map(() => 1001))
    expect(running.stdout() + running.stderr() + JSON.stringify(await lines())).not.toContain(KEY)
    expect(await lines()).toHaveLength(7)
  })
})
