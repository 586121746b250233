import { describe, expect, it } from 'vitest'
import { slotsOf } from './slots-of.ts'

/** The names that models have as slots, sorted: in whichever order they stand. */
function namesOf(models: readonly string[]): string[] {
  const names = (list: readonly string[]) =>
    slotsOf(`llm: {port: 1, models: [${list.join(', ')}]}`)
      .map(({ name }) => name)
      .sort()
  expect(names([...models].reverse())).toEqual(names(models))
  return names(models)
}

const at = (url: string) => `params: {baseUrl: "${url}", apiKey: {file: a}}`

describe('a wildcard model is called', () => {
  it.each<[string, string[], string[]]>([
    ['by its provider', ['{name: "gpt-*", provider: openAI}'], ['openai']],
    [
      'by another host',
      [`{name: "*", provider: openAI, ${at('https://llm.example.com/v1')}}`],
      ['llm.example.com'],
    ],
    [
      'by its models, at another host',
      [`{name: "llama-*", provider: openAI, ${at('https://a.example/v1')}}`],
      ['llama'],
    ],
    [
      'by its provider, on this machine',
      [`{name: "llama-*", provider: openAI, ${at('http://127.0.0.1:1')}}`],
      ['openai'],
    ],
    [
      'by its models beside the one for all',
      ['{name: "*", provider: openAI}', `{name: "llama-*", provider: openAI, ${at('http://127.0.0.1:1')}}`],
      ['llama', 'openai'],
    ],
    [
      'by its models beside another one that is its provider',
      [
        '{name: "gpt-*", provider: openAI}',
        `{name: "*-mini", provider: openAI, ${at('http://localhost:1')}}`,
      ],
      ['mini', 'openai'],
    ],
    [
      'by its models where several are alike',
      ['{name: "gpt-*", provider: openAI}', '{name: "o*", provider: openAI}'],
      ['gpt', 'o'],
    ],
    [
      'by its host where that is all there is',
      ['{name: "gpt-*", provider: openAI}', `{name: "*", provider: openAI, ${at('http://127.0.0.1:1')}}`],
      ['127.0.0.1', 'openai'],
    ],
    [
      'by its models beside a name that somebody gave',
      ['{name: openai, provider: openAI}', '{name: "gpt-*", provider: openAI}'],
      ['gpt', 'openai'],
    ],
  ])('%s', (_, models, names) => {
    expect(namesOf(models)).toEqual(names)
  })
})
