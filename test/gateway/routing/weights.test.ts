import { expect, it, onTestFinished, vi } from 'vitest'
import { call, post } from '../kit/client.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream } from '../kit/upstream.ts'

/** Draws that are spread evenly, each a request's. */
const DRAWS = Array.from({ length: 8 }, (_, i) => (i + 0.5) / 8)

/** What each draw came to. */
async function drawn(draw: () => Promise<string>): Promise<string[]> {
  const random = vi.spyOn(Math, 'random')
  onTestFinished(() => void random.mockRestore())
  const results: string[] = []
  for (const value of DRAWS) {
    random.mockReturnValue(value)
    results.push(await draw())
  }
  return results.sort()
}

const SHARES = ['heavy', 'heavy', 'heavy', 'heavy', 'heavy', 'heavy', 'light', 'light']

it('backends get requests by their weights, of which none is 1', async () => {
  const named = (name: string) => startUpstream(response => response.end(name))
  const [light, heavy, never] = await Promise.all(['light', 'heavy', 'never'].map(named))
  const backends = [
    { host: `127.0.0.1:${light?.port}` },
    { host: `127.0.0.1:${never?.port}`, weight: 0 },
    { host: `127.0.0.1:${heavy?.port}`, weight: 3 },
  ]
  const { port } = await startTestGateway(
    JSON.stringify({ binds: [{ port: 3000, listeners: [{ routes: [{ backends }] }] }] }),
  )
  expect(await drawn(async () => (await call(port)).body)).toEqual(SHARES)
})

it('so do the targets of a virtual model', async () => {
  const upstream = await startUpstream((response, { body }) => response.end(JSON.parse(body).model))
  const params = { hostOverride: `127.0.0.1:${upstream.port}` }
  const targets = [{ model: 'light' }, { model: 'never', weight: 0 }, { model: 'heavy', weight: 3 }]
  const { port } = await startTestGateway(
    JSON.stringify({
      llm: {
        models: [{ name: '*', provider: 'openAI', params }],
        virtualModels: [{ name: 'v', routing: { weighted: { targets } } }],
      },
    }),
  )
  const ask = async () => (await post(port, '/v1/chat/completions', { model: 'v' })).body
  expect(await drawn(ask)).toEqual(SHARES)
})
