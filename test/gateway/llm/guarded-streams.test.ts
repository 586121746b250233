import type { ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { post } from '../kit/client.ts'
import { startTestGateway, type TestGateway } from '../kit/gateway.ts'
import { startUpstream } from '../kit/upstream.ts'

const CHAT = '/v1/chat/completions'
const MESSAGES = '/v1/messages'

type Send = (response: ServerResponse) => void | Promise<void>

/** A gateway whose answers are looked through, in front of an upstream that streams. */
async function guarded(
  send: Send,
  guards: object[],
  policies: object = {},
  headers: Record<string, string[]> = {},
): Promise<TestGateway> {
  const upstream = await startUpstream(response => {
    response.writeHead(200, { 'content-type': 'text/event-stream', ...headers })
    void send(response)
  })
  const config = {
    llm: {
      policies: { guardrails: { streaming: 'Enabled', response: guards }, ...policies },
      models: [
        { name: 'gpt', provider: 'openAI' },
        { name: 'claude', provider: 'anthropic' },
        { name: 'gemini', provider: 'gemini' },
      ],
    },
  }
  return startTestGateway(JSON.stringify(config), { standIn: { host: '127.0.0.1', port: upstream.port } })
}

const REJECT = [
  { regex: { action: 'reject', rules: [{ pattern: 'top secret' }] }, rejection: { body: 'not that' } },
]

const event = (value: object, end = '\n\n') => `data: ${JSON.stringify(value)}${end}`
const chunk = (content: string, index = 0) => event({ choices: [{ index, delta: { content } }] })
const delta = (text: string) =>
  event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })
const ask = { model: 'gpt', stream: true, messages: [] }
const BLOCKED = event({
  error: { type: 'guardrail_blocked', code: 'guardrail_intervention', message: 'not that' },
})

describe('a stream that guards look at', () => {
  it('arrives as it came when nothing is found', async () => {
    const text = [chunk('hello'), chunk('x'.repeat(2000)), ': ping\r\n\r\n', chunk('bye'), 'data: [DONE]\n\n']
    const { port } = await guarded(response => void response.end(text.join('')), REJECT)
    const answer = await post(port, CHAT, ask)
    expect(answer.body).toBe(text.join(''))
    expect(answer.headers['content-type']).toBe('text/event-stream')
  })

  it('is held back until there is enough to look at', async () => {
    let first: (() => void) | undefined
    const { port } = await guarded(async response => {
      response.write(chunk('a'.repeat(1000)))
      await new Promise<void>(resolve => {
        first = resolve
        setTimeout(resolve, 50)
      })
      response.write(chunk('b'.repeat(30)))
      response.write(chunk('top sec'))
      response.end(chunk('ret'))
    }, REJECT)
    const answer = await post(port, CHAT, ask)
    first?.()
    // The first piece passed, the find began in the second, which was still held.
    expect(answer.body).toBe(chunk('a'.repeat(1000)) + chunk('b'.repeat(30)) + BLOCKED)
  })

  it('ends with an error event in place of the piece with a find, even one over several events', async () => {
    const { port, nextEvent } = await guarded(response => {
      response.end([chunk('to'), chunk('p se'), chunk('cret'), 'data: [DONE]\n\n'].join(''))
    }, REJECT)
    const answer = await post(port, CHAT, ask)
    expect(answer).toMatchObject({ status: 200, body: BLOCKED })
    expect(await nextEvent()).toMatchObject({ reason: 'Guardrail' })
  })

  it('is cut off upstream once it is rejected', async () => {
    let closed: Promise<void> | undefined
    const { port } = await guarded(response => {
      closed = new Promise(resolve => response.once('close', resolve))
      response.write(chunk(`top secret ${'x'.repeat(1100)}`))
    }, REJECT)
    expect((await post(port, CHAT, ask)).body).toBe(BLOCKED)
    await closed
  })

  it('is looked at across the pieces that have passed', async () => {
    const { port } = await guarded(response => {
      response.write(chunk(`${'x'.repeat(1100)}top se`))
      setTimeout(() => response.end(chunk('cret')), 20)
    }, REJECT)
    expect((await post(port, CHAT, ask)).body).toBe(chunk(`${'x'.repeat(1100)}top se`) + BLOCKED)
  })

  it('has each of its choices looked at by itself', async () => {
    const mixed = [chunk('top ', 0), chunk('bottom ', 1), chunk('secret', 0)].join('')
    const { port } = await guarded(response => void response.end(mixed), REJECT)
    expect((await post(port, CHAT, ask)).body).toBe(BLOCKED)
  })

  it('is passed on by whole events: half of one was not looked at', async () => {
    const half = chunk('top secret').slice(0, -10)
    const { port } = await guarded(async response => {
      response.write(chunk('y'.repeat(1100)) + half)
      await new Promise(resolve => setTimeout(resolve, 30))
      response.end(chunk('top secret').slice(-10))
    }, REJECT)
    expect((await post(port, CHAT, ask)).body).toBe(chunk('y'.repeat(1100)) + BLOCKED)
  })

  it('that breaks off is broken off', async () => {
    const { port } = await guarded(response => {
      response.write(chunk('hello'))
      setTimeout(() => response.destroy(), 20)
    }, REJECT)
    await expect(post(port, CHAT, ask)).rejects.toThrow('aborted')
  })

  it('is not masked: what has left cannot be, and what is held is shown', async () => {
    const text = [chunk('mail a@b.org'), 'data: [DONE]\n\n'].join('')
    const mask = [{ regex: { rules: [{ builtin: 'email' }] } }]
    const { port } = await guarded(response => void response.end(text), mask)
    expect((await post(port, CHAT, ask)).body).toBe(text)
  })

  it.each<[string, string, object, string]>([
    ['Messages', MESSAGES, { model: 'claude', stream: true, max_tokens: 1 }, delta('top secret')],
    [
      'Messages',
      MESSAGES,
      { model: 'claude', stream: true, max_tokens: 1 },
      event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: 'top sec' } }) +
        delta('ret'),
    ],
    [
      'Responses',
      '/v1/responses',
      { model: 'gpt', stream: true, input: 'x' },
      event({ type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'top secret' }),
    ],
    [
      'generateContent',
      '/v1beta/models/gemini:streamGenerateContent',
      {},
      event({ candidates: [{ content: { parts: [{ text: 'top ' }, { text: 'secret' }] } }] }),
    ],
  ])('in the form of %s ends with the error of its format', async (name, path, body, text) => {
    const { port } = await guarded(response => void response.end(text), REJECT)
    const error = { type: 'guardrail_blocked', code: 'guardrail_intervention', message: 'not that' }
    const wanted = name === 'Messages' ? `event: error\n${event({ type: 'error', error })}` : event({ error })
    expect((await post(port, path, body)).body).toBe(wanted)
  })

  it.each<[string, string, object, string]>([
    [
      'an event that is a list',
      '/v1beta/models/gemini:streamGenerateContent',
      {},
      event([{ candidates: [{ content: { parts: [{ text: 'top ' }, { text: 'secret' }] } }] }]),
    ],
    [
      'candidates that take turns',
      '/v1beta/models/gemini:streamGenerateContent',
      {},
      ['top ', 'not', 'secret']
        .map((text, i) => event({ candidates: [{ index: i % 2, content: { parts: [{ text }] } }] }))
        .join(''),
    ],
    [
      'a text in parts',
      CHAT,
      ask,
      event({ choices: [{ index: 0, delta: { content: [{ type: 'text', text: 'top secret' }] } }] }),
    ],
  ])('is looked at in %s', async (_, path, body, text) => {
    const { port } = await guarded(response => void response.end(text), REJECT)
    expect((await post(port, path, body)).body).toBe(BLOCKED)
  })

  it.each([
    ['carriage returns alone', (text: string) => text.replaceAll('\n', '\r')],
    ['a carriage return and a line feed', (text: string) => text.replaceAll('\n', '\r\n')],
    ['a byte order mark', (text: string) => `\uFEFF${text}`],
  ])('is looked at where its lines have %s', async (_, form) => {
    const { port } = await guarded(response => void response.end(form(chunk('top secret'))), REJECT)
    expect((await post(port, CHAT, ask)).body).toBe(BLOCKED)
    const pieces = form([chunk('x'.repeat(2000)), chunk('top '), chunk('secret')].join(''))
    const later = await guarded(response => void response.end(pieces), REJECT)
    expect((await post(later.port, CHAT, ask)).body).not.toContain('secret')
    const fine = await guarded(response => void response.end(form(chunk('fine'))), REJECT)
    expect((await post(fine.port, CHAT, ask)).body).toBe(form(chunk('fine')))
  })

  it('is not passed on in an encoding, whatever stands in a second line of it', async () => {
    const headers = { 'content-encoding': ['gzip', 'identity'] }
    const send: Send = response => void response.end(gzipSync(chunk('top secret')))
    const { port } = await guarded(send, REJECT, {}, headers)
    expect(await post(port, CHAT, ask)).toMatchObject({
      status: 502,
      body: 'failed to process LLM response: unsupported content encoding',
    })
  })

  it('that is translated is looked at in the form in which the client gets it', async () => {
    const { port } = await guarded(response => void response.end(chunk('top secret')), REJECT)
    const answer = await post(port, MESSAGES, { ...ask, max_tokens: 1 })
    expect(answer.body).toMatch(/^event: error\ndata: \{"type":"error","error":\{"type":"guardrail_blocked"/)
    expect(answer.body).not.toContain('secret')
  })

  it('that is made anew by an expression is looked at before', async () => {
    const transformations = { response: { body: 'string(response.body).upperAscii()' } }
    const { port } = await guarded(response => void response.end(chunk('fine')), REJECT, { transformations })
    expect((await post(port, CHAT, ask)).body).toBe(chunk('fine').toUpperCase())
    const bad = await guarded(response => void response.end(chunk('top secret')), REJECT, { transformations })
    expect((await post(bad.port, CHAT, ask)).body).toBe(BLOCKED.toUpperCase())
  })

  it('tells its tokens as ever', async () => {
    const usage = event({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } })
    const { port, nextEvent } = await guarded(response => void response.end(chunk('hi') + usage), REJECT)
    await post(port, CHAT, ask)
    expect((await nextEvent()).usage).toEqual({ inputTokens: 3, outputTokens: 4 })
  })
})
