import { describe, expect, it } from 'vitest'
import { appendValue } from '../../src/config/insert.ts'
import { editLongList } from '../../src/config/long-list.ts'
import { readDocument } from '../../src/config/read.ts'
import { removeItem } from '../../src/config/remove.ts'
import { quoted } from '../../src/config/yaml-text.ts'

const LIST = ['llm', 'keys']
const entry = (at: number): string => `    - hash: h${at} # of ${at}\n      metadata: { name: "n${at}" }\n`
const text = (count: number, item = entry, indent = ''): string =>
  `# top\nllm:\n  keys:\n${Array.from({ length: count }, (_, at) => item(at)).join(indent)}  # tail\n  mode: strict\nend: 1\n`

const layouts: [what: string, text: string][] = [
  ['a few', text(20)],
  ['many', text(400)],
  ['comments between them', text(400, entry, '    # next\n\n')],
  ['lines that end as those of Windows', text(400).replaceAll('\n', '\r\n')],
  [
    'many in brackets',
    `llm: { keys: [${Array.from({ length: 400 }, (_, at) => `{ hash: h${at} }`).join(', ')}] }\n`,
  ],
  ['dashes that stand alone', text(400, at => `    -\n      hash: h${at}\n`)],
  [
    'an anchor among them',
    text(400, at => (at === 200 ? '    - &x { hash: h }\n' : at === 399 ? '    - *x\n' : entry(at))),
  ],
  ['values of several lines', text(400, at => `    - hash: |\n        a\n        - b${at}\n`)],
]

describe.each(layouts)('a list of %s is edited as if it was read whole', (_, before) => {
  const document = readDocument(before, { file: 'config.yaml' })
  const count = (document.data as { llm: { keys: unknown[] } }).llm.keys.length

  it('behind its end', () => {
    const add = (one: string) => appendValue(one, LIST, { hash: quoted('new') })
    expect(editLongList(document, LIST, -1, add)).toBe(add(before))
  })

  it.each([0, 1, 2, 10, count - 102, count - 2, count - 1].filter(at => at >= 0))('at item %i', index => {
    const remove = (one: string, at: number) => removeItem(one, LIST, at)
    const whole = (() => {
      try {
        return remove(before, index)
      } catch (error) {
        return error
      }
    })()
    if (whole instanceof Error)
      expect(() => editLongList(document, LIST, index, remove)).toThrow(whole.message)
    else expect(editLongList(document, LIST, index, remove)).toBe(whole)
  })
})

it('most of a long list is not read', () => {
  const document = readDocument(text(10_000), { file: 'config.yaml' })
  const seen: [number, number][] = []
  editLongList(document, LIST, 5_000, (one, at) => {
    seen.push([one.length, at])
    return one
  })
  expect(seen).toEqual([[expect.any(Number), 1]])
  expect(seen[0]?.[0]).toBeLessThan(500)
})

it('variables in it are where they were', () => {
  const before = text(300, at => `    - hash: "$V${at}"\n`)
  const document = readDocument(before, { file: 'config.yaml', lookup: name => name.repeat(9) })
  const remove = (one: string, at: number) => removeItem(one, LIST, at)
  expect(editLongList(document, LIST, 150, remove)).toBe(remove(before, 150))
})
