import { writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { call } from '../gateway/kit/client.ts'
import { startUpstream } from '../gateway/kit/upstream.ts'
import { start, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'

/** Takes connections and says nothing. */
async function silent(): Promise<number> {
  const sockets: Socket[] = []
  const server = createServer(socket => sockets.push(socket.on('error', () => {})))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

it.each([
  ['http', '1'],
  ['grpc', '1'],
  ['http', '2'],
])(
  'a collector that says nothing (%s) holds up no end, and is told of once before it: %s worker(s)',
  async (protocol, workers) => {
    const [folder, port, upstream, collector] = [
      await tempFolder(),
      await freePort(),
      await startUpstream(response => response.end('ok')),
      await silent(),
    ]
    const tracing = { host: `127.0.0.1:${collector}`, protocol, randomSampling: true }
    const routes = [{ backends: [{ host: `127.0.0.1:${upstream.port}` }] }]
    const config = {
      config: { connectionTerminationDeadline: '1s' },
      binds: [{ port, listeners: [{ routes }] }],
      frontendPolicies: { tracing },
    }
    await writeFile(join(folder, 'config.yaml'), JSON.stringify(config))
    const running = start(['serve', '--json', '--admin', 'off', '--workers', workers], { cwd: folder })
    await running.until('"ready"')
    // Each worker has its share of them.
    for (let i = 0; i < 4; i++) expect((await call(port, { method: 'GET', path: '/' })).status).toBe(200)
    expect(await running.stop()).toBe(0)
    const events = running
      .stdout()
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { event: string; message?: string })
    const last = events.slice(events.findIndex(({ event }) => event === 'draining'))
    expect(last).toEqual([
      { event: 'draining', drainMs: expect.any(Number) },
      {
        event: 'warning',
        message: expect.stringMatching(/^spans do not reach .* \(no answer before the end\) and are lost$/),
        hint: 'see to the collector; no restart is needed here',
      },
      { event: 'stopped' },
    ])
  },
)
