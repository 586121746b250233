import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const SRC = new URL('../src', import.meta.url).pathname
/** A failure's message, and what to do: as they stand in the source, up to the first thing that is put in. */
const CLAUSES = [
  /new AgwError\(\s*'[A-Z_]+',\s*(?<quote>['"`])(?<text>(?:(?!\k<quote>).)*)/gs,
  /\bhint(?: =|:)\s*(?:\w+[^\n'"`]*\?\s*)?(?<quote>['"`])(?<text>(?:(?!\k<quote>).)*)/gs,
]
/** They have their capital wherever they stand. */
const NAMES = /^(?:Anthropic|Azure|Bedrock|Docker|Google|Kubernetes|Node|Vault|Vertex)\b/

function clauses(): string[] {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'))
  return files.flatMap(name => {
    const source = readFileSync(join(SRC, name), 'utf8')
    const found = CLAUSES.flatMap(form => [...source.matchAll(form)])
    return found.map(({ groups }) => `${name}: ${groups?.['text'] ?? ''}`)
  })
}

it('messages and hints are clauses: no capital at the start, no full stop at the end', () => {
  const all = clauses()
  expect(all.length).toBeGreaterThan(400)
  const sentences = all.filter(one => {
    const text = one.slice(one.indexOf(': ') + 2)
    return (/^[A-Z][a-z]/.test(text) && !NAMES.test(text)) || /[^.]\.$/.test(text)
  })
  expect(sentences).toEqual([])
})
