import { expect, it } from 'vitest'
import { readDocument } from '../../src/config/index.ts'

function said(text: string): string[] {
  const { diagnostics } = readDocument(text, { file: 'config.yaml' })
  return diagnostics.map(({ message, range: { start } }) => `${start.line}:${start.column} ${message}`)
}

it.each([
  ['behind a word', '[{name: a provider: ollama}]', '1:25'],
  ['behind a quote', '[{name: "*" provider: ollama}]', '1:27'],
  ['in front of a quote', '[{name: a "provider": ollama}]', '1:25'],
  ['between two maps', '[{name: a} {name: b}]', '1:26'],
  ['between two lists', '[[a] [b]]', '1:20'],
])('a comma that is missing %s is told as that, and nothing that follows from it', (_, models, place) => {
  expect(said(`llm: {models: ${models}}\n`)).toEqual([`${place} a comma is missing in front of this`])
})

it.each(['a: "x" "y"\n', 'a: {b: c} {d: e}\n'])('outside of brackets no comma is missing: %s', text => {
  expect(said(text).join()).not.toContain('comma is missing in front')
})

it('a block in brackets is no missing comma', () => {
  expect(said('llm: {models: [\n  - a: 1\n]}\n').join()).not.toContain('comma is missing in front')
})

it.each([
  ['a dash', 'llm:\n  models:\n\t- name: a\n', ['3:1']],
  ['a dash and a key', 'llm:\n  models:\n\t- name: a\n\t  provider: ollama\n', ['3:1', '4:1']],
  ['a key', 'llm:\n\tmodels: []\n', ['2:1']],
])('a tab in front of %s is all that is told of it', (_, text, places) => {
  expect(said(text)).toEqual(places.map(place => `${place} a tab is used to indent`))
})

it('what is wrong elsewhere is told beside a tab', () => {
  expect(said('a: "\\q"\nllm:\n  models: []\n\tport: 1\n')).toHaveLength(2)
})
