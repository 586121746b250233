import { describe, expect, it } from 'vitest'
import { bedrock, translationFor } from '../../src/providers/index.ts'

type Json = Record<string, unknown>

describe('a Chat Completions request as Converse', () => {
  const remote = { type: 'image_url', image_url: { url: 'https://a.example.com/b.png' } }
  const ask = (...messages: Json[]) => {
    const translation = translationFor(bedrock({ region: 'r' }), 'completions', 'm')
    return translation?.request({ messages }, { model: 'm', headers: {}, caching: undefined })
  }

  // Messages of the system leave the list, and neighbours of one role become one.
  it.each<[string, Json[], string]>([
    [
      'behind the system',
      [
        { role: 'system', content: 's' },
        { role: 'user', content: [{ type: 'text', text: 'a' }, remote] },
      ],
      'messages[1].content[1].image_url.url',
    ],
    [
      'behind a neighbour',
      [
        { role: 'user', content: 'a' },
        { role: 'user', content: [remote] },
      ],
      'messages[1].content[0].image_url.url',
    ],
    [
      'in the answer of a tool',
      [
        { role: 'user', content: 'a' },
        { role: 'tool', tool_call_id: 't', content: [remote] },
      ],
      'messages[1].content[0].image_url.url',
    ],
  ])('refuses an image to be fetched where the client wrote it, %s', (_title, messages, param) => {
    expect(() => ask(...messages)).toThrow(expect.objectContaining({ param }))
  })

  it('stops at white space, too, as models of others than Anthropic do', () => {
    const translation = translationFor(bedrock({ region: 'r' }), 'completions', 'm')
    const body = { messages: [{ role: 'user', content: 'a' }], stop: ['\n\n', 'END'] }
    expect(translation?.request(body, { model: 'm', headers: {}, caching: undefined })).toMatchObject({
      inferenceConfig: { stopSequences: ['\n\n', 'END'] },
    })
  })

  it('takes one that is in the request', () => {
    const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }
    expect(ask({ role: 'user', content: [image] })).toMatchObject({
      messages: [{ content: [{ image: { format: 'png', source: { bytes: 'AA==' } } }] }],
    })
  })
})
