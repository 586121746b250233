import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { FrameReader } from '../../src/providers/event-frames.ts'
import { ANTHROPIC_KEY, events, GEMINI_KEY, json, mock, OPENAI_KEY, post } from './harness.ts'

const schema = {
  type: 'object' as const,
  properties: { city: { type: 'string' }, unit: { type: 'string', enum: ['kelvin', 'celsius'] }, days: {} },
  required: ['city', 'unit'],
}
const ARGUMENTS = { city: 'mock', unit: 'kelvin' }
const names = ['clock', 'weather'] as const
const asked = 'How warm is it?'
const SAID = 'mock answer to: 280 K'
const forms = ['whole', 'streamed'] as const

describe('the openai package, Chat Completions', () => {
  const base = {
    model: 'gpt-4o-mini',
    tools: names.map(name => ({ type: 'function' as const, function: { name, parameters: schema } })),
  }
  const question = { role: 'user', content: asked } as const
  const open = async () =>
    new OpenAI({ baseURL: `${(await mock()).url}/v1`, apiKey: OPENAI_KEY, maxRetries: 0 })

  describe.each(forms)('%s', form => {
    test.each([
      { choice: 'required', name: 'clock', ends: 'tool_calls' },
      { choice: { type: 'function', function: { name: 'weather' } }, name: 'weather', ends: 'stop' },
      {
        choice: {
          type: 'allowed_tools',
          allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'weather' } }] },
        },
        name: 'weather',
        ends: 'tool_calls',
      },
    ] as const)('$choice calls $name, and then repeats its answer', async ({ choice, name, ends }) => {
      const openai = await open()
      const ask = async (messages: OpenAI.ChatCompletionMessageParam[]) => {
        // The package's types leave the list of allowed tools open.
        const body = { ...base, tool_choice: choice as OpenAI.ChatCompletionToolChoiceOption, messages }
        if (form === 'whole') return openai.chat.completions.create(body)
        return openai.chat.completions.stream(body).finalChatCompletion()
      }
      const first = (await ask([question])).choices[0]
      expect(first?.finish_reason).toBe(ends)
      expect(first?.message.content).toBeNull()
      const [call, ...more] = first?.message.tool_calls ?? []
      if (first === undefined || call?.type !== 'function') throw new Error('no call')
      expect(more).toEqual([])
      expect(call.function.name).toBe(name)
      expect(JSON.parse(call.function.arguments)).toEqual(ARGUMENTS)
      const result = { role: 'tool', tool_call_id: call.id, content: '280 K' } as const
      const last = (await ask([question, first.message, result])).choices[0]
      expect(last).toMatchObject({ finish_reason: 'stop', message: { content: SAID } })
      expect(last?.message.tool_calls ?? []).toEqual([])
    })

    test.each(['auto', 'none', undefined] as const)('%s answers with a text', async choice => {
      const openai = await open()
      const body = { ...base, messages: [question], ...(choice && { tool_choice: choice }) }
      const { choices } =
        form === 'whole'
          ? await openai.chat.completions.create(body)
          : await openai.chat.completions.stream(body).finalChatCompletion()
      expect(choices[0]?.message.content).toBe(`mock answer to: ${asked}`)
    })
  })

  test('its own loop comes to an end', async () => {
    const openai = await open()
    const given: unknown[] = []
    const runner = openai.chat.completions.runTools({
      model: 'gpt-4o-mini',
      messages: [question],
      tool_choice: 'required',
      tools: [
        {
          type: 'function',
          function: {
            name: 'weather',
            description: '',
            parameters: schema,
            parse: JSON.parse,
            function: (input: unknown) => {
              given.push(input)
              return '280 K'
            },
          },
        },
      ],
    })
    expect(await runner.finalContent()).toBe(SAID)
    expect(given).toEqual([ARGUMENTS])
  })

  test.each([
    ['a name that is not given', { tool_choice: { type: 'function', function: { name: 'x' } } }],
    ['a call without tools', { tool_choice: 'required', tools: undefined }],
  ])('%s is refused', async (_, more) => {
    const openai = await open()
    const body = { ...base, messages: [question], ...more } as OpenAI.ChatCompletionCreateParamsNonStreaming
    await expect(openai.chat.completions.create(body)).rejects.toMatchObject({
      status: 400,
      param: 'tool_choice',
    })
  })
})

describe('the openai package, Responses', () => {
  const base = {
    model: 'gpt-5-mini',
    tools: names.map(name => ({ type: 'function' as const, name, parameters: schema, strict: false })),
  }
  describe.each(forms)('%s', form => {
    test.each([
      { choice: 'required', name: 'clock' },
      { choice: { type: 'function', name: 'weather' }, name: 'weather' },
    ] as const)('$choice calls $name, and then repeats its answer', async ({ choice, name }) => {
      const openai = new OpenAI({ baseURL: `${(await mock()).url}/v1`, apiKey: OPENAI_KEY, maxRetries: 0 })
      const ask = async (input: OpenAI.Responses.ResponseInput) => {
        const body = { ...base, tool_choice: choice, input }
        if (form === 'whole') return openai.responses.create(body)
        return openai.responses.stream(body).finalResponse()
      }
      const question = { role: 'user', content: asked } as const
      const first = await ask([question])
      expect(first).toMatchObject({ status: 'completed', tool_choice: choice, tools: base.tools })
      const [call, ...more] = first.output
      if (call?.type !== 'function_call') throw new Error('no call')
      expect(more).toEqual([])
      expect(call).toMatchObject({ name, status: 'completed' })
      expect(JSON.parse(call.arguments)).toEqual(ARGUMENTS)
      const result = { type: 'function_call_output', call_id: call.call_id, output: '280 K' } as const
      expect((await ask([question, call, result])).output_text).toBe(SAID)
    })
  })

  test('a name that is not given is refused', async () => {
    const openai = new OpenAI({ baseURL: `${(await mock()).url}/v1`, apiKey: OPENAI_KEY, maxRetries: 0 })
    const body = { ...base, input: asked, tool_choice: { type: 'function', name: 'x' } } as const
    await expect(openai.responses.create(body)).rejects.toMatchObject({ status: 400, param: 'tool_choice' })
  })
})

describe('the anthropic package', () => {
  const base = {
    model: 'claude-haiku-4-5',
    max_tokens: 99,
    tools: names.map(name => ({ name, input_schema: schema })),
  }
  const question = { role: 'user', content: asked } as const
  const open = async () =>
    new Anthropic({ baseURL: (await mock()).url, apiKey: ANTHROPIC_KEY, maxRetries: 0 })

  describe.each(forms)('%s', form => {
    test.each([
      { choice: { type: 'any' }, name: 'clock' },
      { choice: { type: 'tool', name: 'weather' }, name: 'weather' },
    ] as const)('$choice calls $name, and then repeats its answer', async ({ choice, name }) => {
      const anthropic = await open()
      const ask = async (messages: Anthropic.MessageParam[]) => {
        const body = { ...base, tool_choice: choice, messages }
        if (form === 'whole') return anthropic.messages.create(body)
        return anthropic.messages.stream(body).finalMessage()
      }
      const first = await ask([question])
      expect(first.stop_reason).toBe('tool_use')
      const [call, ...more] = first.content
      if (call?.type !== 'tool_use') throw new Error('no call')
      expect(more).toEqual([])
      expect(call).toMatchObject({ name, input: ARGUMENTS })
      const result = { type: 'tool_result', tool_use_id: call.id, content: '280 K' } as const
      const last = await ask([
        question,
        { role: 'assistant', content: first.content },
        { role: 'user', content: [result] },
      ])
      expect(last).toMatchObject({ stop_reason: 'end_turn', content: [{ type: 'text', text: SAID }] })
    })

    test.each(['auto', 'none'] as const)('%s answers with a text', async type => {
      const anthropic = await open()
      const body = { ...base, messages: [question], tool_choice: { type } }
      const { content } =
        form === 'whole'
          ? await anthropic.messages.create(body)
          : await anthropic.messages.stream(body).finalMessage()
      expect(content).toMatchObject([{ type: 'text', text: `mock answer to: ${asked}` }])
    })
  })

  test('a name that is not given is refused', async () => {
    const anthropic = await open()
    const body = { ...base, messages: [question], tool_choice: { type: 'tool', name: 'x' } as const }
    await expect(anthropic.messages.create(body)).rejects.toBeInstanceOf(Anthropic.BadRequestError)
  })
})

describe('Gemini', () => {
  const contents = [{ role: 'user', parts: [{ text: asked }] }]
  const capitals = { ...schema, type: 'OBJECT' }
  const base = {
    contents,
    tools: [{ functionDeclarations: names.map(name => ({ name, parameters: capitals })) }],
  }
  const call = { functionCall: { name: 'weather', args: ARGUMENTS } }
  const path = '/v1beta/models/gemini-2.5-flash'
  const forced = {
    ...base,
    toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['weather'] } },
  }

  test.each([
    ['a name that is demanded', forced, call],
    [
      'any',
      { ...base, tool_config: { function_calling_config: { mode: 'ANY' } } },
      { functionCall: { ...call.functionCall, name: 'clock' } },
    ],
    ['nothing demanded', base, { text: `mock answer to: ${asked}` }],
    [
      'a tool that has answered',
      {
        ...forced,
        contents: [
          ...contents,
          { role: 'model', parts: [call] },
          { role: 'user', parts: [{ functionResponse: { name: 'weather', response: { kelvin: 280 } } }] },
        ],
      },
      { text: 'mock answer to: {"kelvin":280}' },
    ],
  ])('%s, whole and streamed', async (_, body, part) => {
    const { url } = await mock()
    const key = { 'x-goog-api-key': GEMINI_KEY }
    const whole = await json(await fetch(`${url}${path}:generateContent`, post(key, body)))
    expect(whole.candidates).toMatchObject([{ content: { parts: [part] }, finishReason: 'STOP' }])
    const stream = await fetch(`${url}${path}:streamGenerateContent?alt=sse`, post(key, body))
    const parts = (await events(stream)).flatMap(({ data }) => JSON.parse(data).candidates[0].content.parts)
    if ('text' in part) expect(parts.map(({ text }) => text).join('')).toBe(part.text)
    else expect(parts).toEqual([part])
  })
})

describe('Bedrock', () => {
  const messages = [{ role: 'user', content: [{ text: asked }] }]
  const tools = names.map(name => ({ toolSpec: { name, inputSchema: { json: schema } } }))
  const forced = { messages, toolConfig: { tools, toolChoice: { tool: { name: 'weather' } } } }
  const auth = { authorization: 'Bearer ABSKcanaryBEDROCK0123456789abcdefghij' }

  test('a call, whole', async () => {
    const { url } = await mock()
    const answer = await json(await fetch(`${url}/model/m/converse`, post(auth, forced)))
    expect(answer.stopReason).toBe('tool_use')
    const [{ toolUse }] = answer.output.message.content
    expect(toolUse).toEqual({ toolUseId: expect.any(String), name: 'weather', input: ARGUMENTS })
    const content = [{ toolResult: { toolUseId: toolUse.toolUseId, content: [{ text: '280 K' }] } }]
    const next = { ...forced, messages: [...messages, answer.output.message, { role: 'user', content }] }
    const last = await json(await fetch(`${url}/model/m/converse`, post(auth, next)))
    expect(last).toMatchObject({ stopReason: 'end_turn', output: { message: { content: [{ text: SAID }] } } })
  })

  test('a call, streamed', async () => {
    const { url } = await mock()
    const response = await fetch(`${url}/model/m/converse-stream`, post(auth, forced))
    // biome-ignore lint/suspicious/noExplicitAny: as in json()
    const seen: [string | undefined, any][] = []
    const reader = new FrameReader(({ headers, payload }) =>
      seen.push([headers.get(':event-type'), JSON.parse(payload.toString())]),
    )
    reader.push(new Uint8Array(await response.arrayBuffer()))
    expect(seen[1]).toMatchObject(['contentBlockStart', { start: { toolUse: { name: 'weather' } } }])
    const pieces = seen.map(([, event]) => event.delta?.toolUse?.input ?? '')
    expect(JSON.parse(pieces.join(''))).toEqual(ARGUMENTS)
    expect(seen.at(-2)).toEqual(['messageStop', { stopReason: 'tool_use' }])
  })
})
