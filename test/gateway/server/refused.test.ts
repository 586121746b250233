import { expect, it } from 'vitest'
import { jsonFormat, textFormat } from '../../../src/gateway/telemetry/access-log.ts'
import { Metrics } from '../../../src/gateway/telemetry/metrics.ts'
import { rawClient } from '../kit/client.ts'
import { startTestGateway } from '../kit/gateway.ts'

/** The log has what a rule for it adds, of a request that failed. */
const config = JSON.stringify({
  frontendPolicies: {
    accessLog: { filter: 'response.code >= 400', add: { code: 'response.code', asked: 'request.path' } },
  },
  binds: [{ port: 3000, listeners: [{ routes: [{ backends: [{ host: '127.0.0.1:1' }] }] }] }],
})

const CANARY = 'sk-canary-0123456789'

it.each([
  ['is no HTTP', `GET /${CANARY} HTTP/3\r\n`, 400, 'the request is no well-formed HTTP/1.1'],
  [
    'is too long',
    `GET /${CANARY} HTTP/1.1\r\nauthorization: ${CANARY}${'x'.repeat(70_000)}`,
    431,
    'the head of the request is too long',
  ],
  ['has no end', `GET /${CANARY} HTTP/1.1\r\n`, 400, 'client disconnected'],
  ['comes too slowly', `GET /${CANARY} HTTP/1.1\r\n`, 408, 'the request did not come in time'],
])(
  'log and metrics tell of a head that %s, and nothing of what is in it',
  async (_, bytes, status, error) => {
    const slowClients = { headMs: error.includes('time') ? 50 : 5000, checkMs: 10 }
    const { port, nextEvent, gateway } = await startTestGateway(config, { slowClients })
    const client = await rawClient(port)
    client.socket.write(bytes)
    if (error.startsWith('client')) client.socket.end()
    const event = await nextEvent()
    expect(event).toMatchObject({
      bind: 'bind/3000',
      source: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      method: undefined,
      host: undefined,
      path: undefined,
      version: undefined,
      protocol: 'http',
      status,
      reason: 'InvalidRequest',
      error,
      log: { isWanted: true, added: { code: status, asked: '' } },
    })
    expect(event.duration).toBeGreaterThanOrEqual(status === 408 ? 50 : 0)
    await client.closed
    expect(event.bytes).toBe(client.received().split('\r\n\r\n')[1]?.length)
    const plain = { ...event, log: undefined }
    const line = textFormat()(plain)
    expect(line.replace(/^\S+|\S+(?=\n)|src.addr=\S+ /g, '')).toBe(
      `\twarn\trequest http.status=${status} protocol=http reason=InvalidRequest error=${JSON.stringify(error)} \n`,
    )
    const metrics = new Metrics()
    metrics.record(event)
    const counted = metrics.snapshot()
    expect(counted.requests).toMatchObject([
      {
        requests: 1,
        labels: expect.stringContaining(
          `method="unknown",status="${status}",reason="InvalidRequest",bind="bind/3000"`,
        ),
      },
    ])
    const told = client.received() + line + jsonFormat()(event) + JSON.stringify([event, counted])
    expect(told).not.toContain('canary')
    await gateway.close()
  },
)
