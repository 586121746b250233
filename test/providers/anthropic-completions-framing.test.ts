import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  args,
  blockStop,
  FULL,
  parse,
  run,
  START,
  STOP,
  sse,
  stream,
  text,
  toolStart,
} from './anthropic-completions-events.ts'

describe('framing', () => {
  const expected = run(FULL)

  test.each<[string, string]>([
    ['CRLF', FULL.replaceAll('\n', '\r\n')],
    ['carriage returns', FULL.replaceAll('\n', '\r')],
    ['a byte order mark', `\uFEFF${FULL}`],
    ['a byte order mark before data', `\uFEFF${FULL.replaceAll(/^event: .*\n/gm, '')}`],
    ['no event lines', FULL.replaceAll(/^event: .*\n/gm, '')],
    ['no space after the colon', FULL.replaceAll('data: ', 'data:')],
    [
      'comments, ids and retry lines',
      FULL.replaceAll('event: ', ': hello\nid: 1\nretry: 5\ndat\ndatabase: x\nevent: '),
    ],
    ['data over several lines', FULL.replaceAll(/^data: (\{"type":"[a-z_]*",)/gm, 'data: $1\ndata: ')],
    ['more blank lines', `\n\n${FULL.replaceAll('\n\n', '\n\n\n')}`],
    ['no blank line at the end', FULL.trimEnd()],
    ['more after the end', `${FULL}data: [DONE]\n\n${sse(text('late'))}data: {broken\n\n`],
  ])('%s', (_title, input) => {
    expect(run(input)).toBe(expected)
  })

  test('any split of the bytes gives the same bytes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(FULL, `\uFEFF${FULL.replaceAll('\n', '\r\n')}`, FULL.replaceAll('\n', '\r')),
        fc.boolean(),
        fc.array(fc.nat({ max: 3000 }), { maxLength: 60 }),
        (input, includeUsage, cuts) => {
          const bytes = Buffer.from(input)
          const points = [0, ...cuts.map(cut => cut % bytes.length).sort((a, b) => a - b), bytes.length]
          const translator = stream(includeUsage)
          const output = points.map((point, i) =>
            translator.push(bytes.subarray(point, points[i + 1] ?? point)),
          )
          expect(Buffer.concat([...output, translator.end()]).toString()).toBe(run(input, includeUsage))
        },
      ),
      { numRuns: 300 },
    )
  })

  test('also byte by byte', () => {
    const translator = stream()
    const output = [...Buffer.from(FULL)].map(byte => translator.push(Uint8Array.of(byte)))
    expect(Buffer.concat([...output, translator.end()]).toString()).toBe(expected)
  })

  test('any texts and tool inputs come through whole, in any split', () => {
    const json = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue())
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary', minLength: 1 }), { maxLength: 5 }),
        fc.array(json, { maxLength: 3 }),
        fc.integer({ min: 1, max: 50 }),
        (texts, inputs, size) => {
          const events = [START, ...texts.map(value => text(value))]
          inputs.forEach((input, i) => {
            const whole = JSON.stringify(input)
            const half = whole.length >> 1
            events.push(
              toolStart(i + 1, `t${i}`, 'f'),
              args(i + 1, whole.slice(0, half)),
              args(i + 1, whole.slice(half)),
              blockStop(i + 1),
            )
          })
          const bytes = Buffer.from(sse(...events, STOP))
          const translator = stream()
          const output: Buffer[] = []
          for (let i = 0; i < bytes.length; i += size)
            output.push(translator.push(bytes.subarray(i, i + size)))
          const answer = gather(parse(Buffer.concat(output).toString()))
          expect(answer.content).toBe(texts.join(''))
          expect(answer.toolArguments).toEqual(inputs.map(input => JSON.stringify(input)))
        },
      ),
    )
  })

  test('no bytes at all make the translator throw', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.uint8Array(),
            fc
              .constantFrom('data: ', '\n\n', '{"type":"message_start"}', 'data: {}\n\n')
              .map(s => Buffer.from(s)),
          ),
        ),
        chunks => {
          const translator = stream()
          for (const bytes of chunks) translator.push(bytes)
          translator.end()
        },
      ),
    )
  })
})

/** What a client puts together from the chunks. */
function gather(chunks: unknown[]): { content: string; toolArguments: string[] } {
  let content = ''
  const toolArguments: string[] = []
  for (const value of chunks) {
    if (value === '[DONE]') continue
    const { choices } = value as {
      choices: {
        delta: { content?: string; tool_calls?: { index: number; function: { arguments: string } }[] }
      }[]
    }
    for (const { delta } of choices) {
      content += delta.content ?? ''
      for (const call of delta.tool_calls ?? []) {
        toolArguments[call.index] = (toolArguments[call.index] ?? '') + call.function.arguments
      }
    }
  }
  return { content, toolArguments }
}
