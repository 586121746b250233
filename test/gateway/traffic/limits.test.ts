import { expect, it } from 'vitest'
import { KeptStates } from '../../../src/gateway/kept.ts'
import { bucketFor, type Limits, LocalLimits, type Want } from '../../../src/gateway/traffic/limits.ts'
import { rawClient } from '../kit/client.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream } from '../kit/upstream.ts'
import { eventually } from '../kit/wait.ts'

function want(id: string, maxTokens: number, amount: number): Want {
  const rule = { maxTokens, tokensPerFill: 1, fillIntervalMs: 3_600_000 }
  return { bucket: { id, create: () => bucketFor(rule) }, rule, amount }
}

it('a request that one of several limits refuses has taken from none', () => {
  const limits = new LocalLimits(new KeptStates())
  const [team, all] = [want('team', 10, 4), want('all', 2, 2)]
  expect(limits.take([team, all])).toMatchObject({ isAllowed: true, amounts: [4, 2] })
  expect(limits.take([team, all])).toMatchObject({ isAllowed: false, amounts: [], limit: 2, remaining: 0 })
  expect(limits.take([team])).toMatchObject({ isAllowed: true, amounts: [4], remaining: 2 })
})

it('of several limits the one that is closest to its end is told', () => {
  const limits = new LocalLimits(new KeptStates())
  expect(limits.take([want('wide', 100, 1), want('narrow', 5, 1)])).toMatchObject({ limit: 5, remaining: 4 })
})

it('what is reserved for a client that has gone by then is given back', async () => {
  const local = new LocalLimits(new KeptStates())
  let answer: (() => void) | undefined
  let left: number | undefined
  // As in a worker, which has to ask.
  const limits: Limits = {
    take: wants => new Promise(resolve => (answer = () => resolve(local.take(wants)))),
    settle: (want, taken, cost) => {
      local.settle(want, taken, cost)
      left = local.take([{ ...want, amount: 0 }]).remaining
    },
  }
  const upstream = await startUpstream()
  const config = {
    llm: {
      policies: {
        localRateLimit: [{ maxTokens: 1000, tokensPerFill: 1, fillInterval: '1h', type: 'tokens' }],
      },
      models: [{ name: 'gpt', provider: 'openAI', params: { apiKey: 'k' } }],
    },
  }
  const { port, nextEvent } = await startTestGateway(JSON.stringify(config), {
    limits,
    standIn: { host: '127.0.0.1', port: upstream.port },
  })
  const client = await rawClient(port)
  const body = JSON.stringify({ model: 'gpt', max_tokens: 900, messages: [] })
  client.socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  await eventually(() => answer !== undefined)
  client.socket.destroy()
  await nextEvent()
  answer?.()
  await eventually(() => left !== undefined)
  expect(left).toBe(1000)
  expect(upstream.seen).toEqual([])
})
