import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { startTestGateway } from '../gateway/kit/gateway.ts'
import { startUpstream } from '../gateway/kit/upstream.ts'
import { eventually } from '../gateway/kit/wait.ts'
import {
  ANTHROPIC_TOOLS,
  type Answer,
  anthropicTools,
  chunk,
  clients,
  events,
  json,
  messages,
  OPENAI_TOOLS,
  openaiTools,
} from '../helpers/sdk.ts'

describe('tools, streamed', () => {
  it.each([
    ['OpenAI', 'gpt', OPENAI_TOOLS],
    ['Anthropic', 'claude-x', ANTHROPIC_TOOLS],
  ] as const)('reach the OpenAI package from %s', async (_, model, list) => {
    const { openai } = await clients(events(...list))
    const stream = openai.chat.completions.stream({ model, messages, tools: openaiTools })
    const { choices, usage } = await stream.finalChatCompletion()
    expect(choices[0]?.finish_reason).toBe('tool_calls')
    expect(choices[0]?.message.tool_calls).toMatchObject([
      { id: 'call_1', function: { name: 'weather', arguments: '{"city":"Pâris"}' } },
      { id: 'call_2', function: { name: 'weather', arguments: '{"city":"Rome"}' } },
    ])
    expect(usage).toMatchObject({ prompt_tokens: 9, completion_tokens: 7 })
  })

  it.each([
    ['OpenAI', 'gpt', OPENAI_TOOLS],
    ['Anthropic', 'claude-x', ANTHROPIC_TOOLS],
  ] as const)('reach the Anthropic package from %s', async (_, model, list) => {
    const { anthropic } = await clients(events(...list))
    const stream = anthropic.messages.stream({ model, messages, tools: anthropicTools, max_tokens: 99 })
    const { content, stop_reason, usage } = await stream.finalMessage()
    expect(stop_reason).toBe('tool_use')
    expect(content).toMatchObject([
      { type: 'tool_use', id: 'call_1', name: 'weather', input: { city: 'Pâris' } },
      { type: 'tool_use', id: 'call_2', name: 'weather', input: { city: 'Rome' } },
    ])
    expect(usage.output_tokens).toBe(7)
  })
})

describe('the packages by themselves', () => {
  /** Fails once, then is well. */
  const onceFailing = (status: number): Answer => {
    let calls = 0
    return (response, seen) => {
      calls += 1
      if (calls === 1) return void response.writeHead(status, { 'retry-after': '0' }).end('{}')
      const isChat = seen.url.endsWith('completions')
      json(isChat ? { id: 'x', choices: [] } : { id: 'm', type: 'message', content: [] })(response, seen)
    }
  }

  it.each([429, 503, 529])('try again after %i, when the provider says', async status => {
    for (const name of ['openai', 'anthropic'] as const) {
      const { upstream, ...packages } = await clients(onceFailing(status), { maxRetries: 1 })
      if (name === 'openai') await packages.openai.chat.completions.create({ model: 'gpt', messages })
      else await packages.anthropic.messages.create({ model: 'claude-x', messages, max_tokens: 9 })
      expect(upstream.seen.map(({ headers }) => headers['x-stainless-retry-count'])).toEqual(['0', '1'])
    }
  })

  it.each(['openai', 'anthropic'] as const)('%s: leaving a stream ends the call upstream', async name => {
    let closed = false
    const { events: log, ...packages } = await clients(response => {
      response.once('close', () => {
        closed = true
      })
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const list = name === 'openai' ? [chunk({ content: 'hi' })] : ANTHROPIC_TOOLS.slice(0, 4)
      for (const event of list)
        response.write(`event: ${'type' in event ? event.type : 'x'}\ndata: ${JSON.stringify(event)}\n\n`)
    })
    const stream =
      name === 'openai'
        ? await packages.openai.chat.completions.create({ model: 'gpt', messages, stream: true })
        : await packages.anthropic.messages.create({
            model: 'claude-x',
            messages,
            max_tokens: 9,
            stream: true,
          })
    for await (const _ of stream) break
    stream.controller.abort()
    await eventually(() => closed && log.length === 1)
    expect(log[0]).toMatchObject({ status: 200, error: 'client disconnected' })
  })

  it.each([
    ['openai', 'gpt'],
    ['openai', 'claude-x'],
    ['anthropic', 'gpt'],
    ['anthropic', 'claude-x'],
  ] as const)('%s notices that a stream of %s was cut', async (name, model) => {
    const isChat = model === 'gpt'
    const { openai, anthropic } = await clients(response => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const list = isChat ? [chunk({ content: 'hi' })] : ANTHROPIC_TOOLS.slice(0, 4)
      for (const event of list) response.write(`data: ${JSON.stringify(event)}\n\n`)
      setTimeout(() => response.destroy(), 20)
    })
    const read = async () => {
      const stream =
        name === 'openai'
          ? await openai.chat.completions.create({ model, messages, stream: true })
          : await anthropic.messages.create({ model, messages, max_tokens: 9, stream: true })
      for await (const _ of stream);
    }
    await expect(read()).rejects.toThrow()
  })
})

describe('a stream that a guard rejects', () => {
  it.each([
    ['openai', 'gpt'],
    ['anthropic', 'claude'],
  ] as const)('is an error of the %s package', async (name, model) => {
    const said = name === 'openai' ? chunk({ content: 'top secret' }) : undefined
    const delta = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'top secret' } }
    const upstream = await startUpstream(
      events(said ?? ANTHROPIC_TOOLS[0] ?? '', said === undefined ? delta : '[DONE]'),
    )
    const guard = {
      regex: { action: 'reject', rules: [{ pattern: 'secret' }] },
      rejection: { body: 'not that' },
    }
    const config = {
      llm: {
        policies: { guardrails: { streaming: 'Enabled', response: [guard] } },
        models: [
          { name: 'gpt', provider: 'openAI' },
          { name: 'claude', provider: 'anthropic' },
        ],
      },
    }
    const { url } = await startTestGateway(JSON.stringify(config), {
      standIn: { host: '127.0.0.1', port: upstream.port },
    })
    const read = async () => {
      const stream =
        name === 'openai'
          ? await new OpenAI({ baseURL: `${url}/v1`, apiKey: 'k' }).chat.completions.create({
              model,
              messages,
              stream: true,
            })
          : await new Anthropic({ baseURL: url, apiKey: 'k' }).messages.create({
              model,
              messages,
              max_tokens: 9,
              stream: true,
            })
      for await (const _ of stream);
    }
    await expect(read()).rejects.toThrow(/not that/)
  })
})
