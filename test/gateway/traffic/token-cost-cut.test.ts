import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { post } from '../kit/client.ts'
import {
  CHAT,
  CHAT_USAGE,
  CHUNK,
  charged,
  chat,
  claude,
  DELTA,
  GPT_ANSWER,
  json,
  MESSAGES,
  messages,
  open,
  START,
  stream,
  type Upstream,
} from '../kit/token-cost.ts'
import { eventually } from '../kit/wait.ts'

/** As estimated: a token for four bytes of the request as it goes, and the longest answer it allows. */
const reserved = (body: object) => Math.ceil(JSON.stringify(body).length / 4) + 500

describe('where it tells nothing', () => {
  it('what was reserved stays charged', async () => {
    expect(await charged(json({ choices: [] }), port => post(port, CHAT, chat))).toBe(reserved(chat))
  })

  it('because the answer is compressed though nobody asked, too', async () => {
    const gzipped: Upstream = response => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
      response.end(gzipSync(JSON.stringify(GPT_ANSWER)))
    }
    expect(await charged(gzipped, port => post(port, CHAT, chat))).toBe(reserved(chat))
  })

  it('because there is no provider to be reached, nothing is', async () => {
    expect(
      await charged(
        response => void response.destroy(),
        port => post(port, CHAT, chat),
      ),
    ).toBe(0)
  })

  it('because the client did not wait, what was reserved is', async () => {
    let begun = false
    const hangs: Upstream = () => {
      begun = true
    }
    const cost = await charged(hangs, async port => {
      const { sent } = open(port, CHAT, chat)
      await eventually(() => begun)
      sent.destroy()
    })
    expect(cost).toBe(reserved(chat))
  })
})

describe('a stream whose head has come alone', () => {
  const headOnly = (end: (response: Parameters<Upstream>[0]) => void, status = 200): Upstream => {
    return response => {
      response.writeHead(status, { 'content-type': 'text/event-stream' }).flushHeaders()
      setImmediate(end, response)
    }
  }
  const asked = { ...chat, stream: true }

  it.each([
    [200, reserved(asked)],
    [500, 0],
  ])('with status %i costs %i where its client leaves', async (status, tokens) => {
    const hangs = headOnly(() => {}, status)
    const cost = await charged(hangs, async port => {
      const { sent, answer } = open(port, CHAT, asked)
      ;(await answer).on('error', () => {})
      sent.destroy()
    })
    expect(cost).toBe(tokens)
  })

  it('costs nothing where its upstream breaks off', async () => {
    const breaks = headOnly(response => void response.destroy())
    const cost = await charged(breaks, async port => {
      const got = await open(port, CHAT, asked).answer
      got.on('error', () => {}).resume()
      await new Promise(resolve => got.once('close', resolve))
    })
    expect(cost).toBe(0)
  })
})

describe('where it tells nothing of a long answer', () => {
  const unlimited = { model: 'gpt', messages, stream: true, stream_options: { include_usage: false } }
  const long = Array.from({ length: 400 }, () => CHUNK)
  const bytes = 400 * `data: ${JSON.stringify(CHUNK)}\n\n`.length

  it('what has gone by is estimated', async () => {
    const cost = await charged(stream(...long), port => post(port, CHAT, unlimited))
    expect(cost).toBeGreaterThan(bytes / 128)
    expect(cost).toBeLessThan(bytes / 128 + JSON.stringify(unlimited).length)
  })

  it('so is that of an answer as a whole', async () => {
    const body = { model: 'gpt', messages }
    const cost = await charged(json({ text: 'x'.repeat(4000) }), port => post(port, CHAT, body))
    expect(cost).toBeGreaterThan(1000)
    expect(cost).toBeLessThan(1050)
  })

  it('several answers may be as long as each is allowed to be', async () => {
    const body = { ...unlimited, max_tokens: 1, n: 50 }
    const cost = await charged(stream(...long), port => post(port, CHAT, body))
    const prompt = Math.ceil(JSON.stringify(body).length / 4)
    expect(cost).toBeGreaterThanOrEqual(prompt + 49)
    expect(cost).toBeLessThanOrEqual(prompt + 50)
  })
})

describe('an answer that is cut off', () => {
  const body = { ...claude, stream: true }
  /** Messages up to so many events, which then stay out. */
  const hangsAfter =
    (count: number): Upstream =>
    response => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`data: ${JSON.stringify(START)}\n\n`)
      for (let i = 0; i < count; i++) response.write(`data: ${JSON.stringify(DELTA)}\n\n`)
    }
  /** Reads until so many bytes have come, then goes. */
  const leaveAfter =
    (bytes: number, asked: object = body) =>
    async (port: number) => {
      const { sent, answer } = open(port, MESSAGES, asked)
      const got = await answer
      let read = 0
      got.on('error', () => {})
      await new Promise<void>(resolve =>
        got.on('data', chunk => {
          read += chunk.length
          if (read >= bytes) resolve()
        }),
      )
      sent.destroy()
    }
  const bytesOf = (count: number) => count * `data: ${JSON.stringify(DELTA)}\n\n`.length

  it('by the client costs what was told, and an estimate of what came since', async () => {
    const cost = await charged(hangsAfter(40), leaveAfter(bytesOf(40)))
    const told = 5 + 70 + 20 + 1
    expect(cost).toBeGreaterThanOrEqual(told + Math.floor(bytesOf(40) / 32))
    expect(cost).toBeLessThanOrEqual(told + Math.ceil(bytesOf(40) / 32) + 2)
  })

  it('by the client costs what has gone by where it set no limit', async () => {
    const { max_tokens: _, ...unlimited } = body
    const cost = await charged(hangsAfter(2000), leaveAfter(bytesOf(2000), unlimited))
    expect(cost).toBeGreaterThan(bytesOf(1900) / 32)
  })

  it('by the client costs no more than it allowed', async () => {
    const cost = await charged(hangsAfter(2000), leaveAfter(bytesOf(2000)))
    expect(cost).toBe(Math.ceil(JSON.stringify(body).length / 4) + 500)
  })

  it('behind its counts costs what they say', async () => {
    const all: Upstream = async response => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`data: ${JSON.stringify({ ...CHUNK, usage: CHAT_USAGE })}\n\n`)
    }
    const cost = await charged(all, async port => {
      const { sent, answer } = open(port, CHAT, { ...chat, stream: true })
      const got = await answer
      await new Promise(resolve => got.once('data', resolve))
      sent.destroy()
    })
    expect(cost).toBeGreaterThanOrEqual(42)
    expect(cost).toBeLessThan(45)
  })

  it('by a guard costs the same', async () => {
    const response = [{ regex: { action: 'reject', rules: [{ pattern: 'hello' }] } }]
    const ask = (port: number) => post(port, MESSAGES, body)
    const cost = await charged(hangsAfter(400), ask, { guardrails: { streaming: 'Enabled', response } })
    // It looks once a thousand characters of text are there, five in each event.
    expect(cost).toBeGreaterThan(5 + 70 + 20 + 1 + bytesOf(100) / 32)
    expect(cost).toBeLessThanOrEqual(Math.ceil(JSON.stringify(body).length / 4) + 500)
  })

  it('by the upstream costs the same', async () => {
    const half: Upstream = response => {
      hangsAfter(40)(response)
      setTimeout(() => response.destroy(), 20)
    }
    const cost = await charged(half, async port => {
      const got = await open(port, MESSAGES, body).answer
      got.on('error', () => {}).resume()
      await new Promise(resolve => got.once('close', resolve))
    })
    expect(cost).toBeGreaterThan(5 + 70 + 20 + 1 + 40)
  })
})

it('what a client has put into its tools, which the answer repeats, counts for nothing', async () => {
  const counts = { input_tokens: 0, output_tokens: 0, total_tokens: 0 }
  const tools = [{ type: 'function', name: 'f', parameters: { properties: { usage: counts } } }]
  const begun = { type: 'response.created', response: { tools, usage: null } }
  const body = { model: 'gpt', input: 'x'.repeat(4000), tools, stream: true, max_output_tokens: 500 }
  const hangs: Upstream = response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(`event: response.created\ndata: ${JSON.stringify(begun)}\n\n`)
  }
  const cost = await charged(hangs, async port => {
    const { sent, answer } = open(port, '/v1/responses', body)
    const got = await answer
    got.on('error', () => {})
    await new Promise(resolve => got.once('data', resolve))
    sent.destroy()
  })
  expect(cost).toBe(Math.ceil(JSON.stringify(body).length / 4) + 500)
})

describe('a stream that ends without its counts', () => {
  const long = Array.from({ length: 200 }, () => DELTA)
  const OVERLOADED = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }

  it.each<[string, unknown[]]>([
    ['with an error', [START, ...long, OVERLOADED]],
    ['in the midst of it', [START, ...long]],
  ])('%s costs what was told and an estimate of what came since', async (_, events) => {
    const cost = await charged(stream(...events), port =>
      post(port, MESSAGES, { ...claude, max_tokens: 5000, stream: true }),
    )
    const bytes = 200 * `data: ${JSON.stringify(DELTA)}\n\n`.length
    expect(cost).toBeGreaterThanOrEqual(96 + Math.floor(bytes / 32))
    expect(cost).toBeLessThan(96 + Math.ceil(bytes / 32) + 10)
  })
})

describe('counts that cannot be', () => {
  const said = 'x'.repeat(400)
  const answer = (usage: object) => ({ ...GPT_ANSWER, choices: [{ message: { content: said } }], usage })

  it.each([
    ['negative', -1000],
    ['a text', '12'],
    ['no number', null],
    ['broken', 0.5],
    ['more than there are', 1e300],
    ['a list', [1]],
  ])('of the answer: %s, which is estimated', async (_, wrong) => {
    const body = answer({ prompt_tokens: 30, completion_tokens: wrong })
    const bytes = JSON.stringify(body).length
    expect(await charged(json(body), port => post(port, CHAT, chat))).toBe(30 + Math.ceil(bytes / 4))
    const streamed = { ...chat, stream: true }
    const cost = await charged(stream(...Array.from({ length: 40 }, () => CHUNK), body), port =>
      post(port, CHAT, streamed),
    )
    expect(cost).toBeGreaterThan(30 + 25)
  })

  it('of the prompt: it is estimated', async () => {
    const body = answer({ prompt_tokens: -1000, completion_tokens: 12 })
    const cost = await charged(json(body), port => post(port, CHAT, chat))
    expect(cost).toBe(Math.ceil(JSON.stringify(chat).length / 4) + 12)
  })
})
