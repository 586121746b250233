import { describe, expect, it } from 'vitest'
import { visitAnswerTexts } from '../../../src/gateway/llm/answer-texts.ts'

const element = (text: string, index?: number) => ({
  candidates: [{ ...(index !== undefined && { index }), content: { parts: [{ text }] } }],
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
