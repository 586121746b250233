import { describe, expect, it } from 'vitest'
import { textPiecesOf, visitAnswerTexts } from '../../../src/gateway/llm/answer-texts.ts'

const element = (text: string, index?: number) => ({
  candidates: [{ ...(index !== undefined && { index }), content: { parts: [{ text }] } }],
})

describe('an answer of the API before Chat Completions', () => {
  it('is looked at, and what spells it out goes with what is masked', () => {
    const logprobs = { tokens: ['a'] }
    const answer = { choices: [{ text: 'a', logprobs }, { text: 'b', logprobs }, { text: null }] }
    visitAnswerTexts(answer, text => text.replace('a', '<masked>'))
    expect(answer).toEqual({
      choices: [{ text: '<masked>', logprobs: null }, { text: 'b', logprobs }, { text: null }],
    })
  })

  it('is as a stream, too', () => {
    expect(
      textPiecesOf({
        choices: [
          { index: 0, text: 'a' },
          { index: 1, text: 'b' },
        ],
      }),
    ).toEqual([
      { lane: '0', text: 'a' },
      { lane: '1', text: 'b' },
    ])
  })
})

describe('an answer in elements', () => {
  it('is one text for each candidate, and what takes its place stands where it began', () => {
    const answer = [element('a', 0), element('x', 1), element('b', 0), element('y', 1)]
    const seen: string[] = []
    visitAnswerTexts(answer, text => {
      seen.push(text)
      return text === 'ab' ? 'AB' : text
    })
    expect(seen).toEqual(['ab', 'xy'])
    expect(answer).toEqual([element('AB', 0), element('x', 1), element('', 0), element('y', 1)])
  })

  // Copied anew for each element, what came before would take hours.
  it('takes each element once, however many there are', () => {
    const seen: number[] = []
    const answer = Array.from({ length: 300_000 }, () => element('a'))
    visitAnswerTexts(answer, text => {
      seen.push(text.length)
      return text
    })
    expect(seen).toEqual([300_000])
  })
})
