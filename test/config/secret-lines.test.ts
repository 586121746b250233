import { describe, expect, it } from 'vitest'
import { codeFrame } from '../../src/config/frame.ts'
import { LineIndex } from '../../src/config/position.ts'
import { maskedAt } from '../../src/config/secret-lines.ts'

const masked = (text: string): string => {
  const lines = new LineIndex(text)
  return Array.from({ length: lines.count }, (_, at) => maskedAt(lines, at + 1).text).join('\n')
}

describe('a key is masked wherever one may stand', () => {
  it.each([
    ['under a misspelt name', 'keys:\n  - kye: hunter two\n    metadata: { team: a }'],
    ['under a name that means nothing', 'keys:\n  - virtual: hunter two'],
    ['under such a name in brackets', 'keys: [{ virtual: hunter, metadata: { team: a } }, { id: two }]'],
    ['under a misspelt password', 'passwrod: hunter two'],
    ['without a name', 'keys:\n  - hunter\n  - "two"'],
    ['without a name, in the column of the list', 'apiKey:\n  keys:\n  - hunter\n  - two'],
    ['without a name, in brackets', 'keys: [hunter, two]'],
    ['in the place of the list', 'keys: hunter two'],
    ['under a misspelt list', 'kyes:\n  - virtual: hunter\n    id: two'],
    ['in a block', 'key: |\n  hunter\n\n  two: 2'],
    ['in a folded block of a client', 'keys:\n  - key: >-\n      hunter\n      two'],
    ['in a block with an anchor and a tag', 'key: &k !!str |-\n  # hunter\n  two'],
    ['in a block under a misspelt name', '- kay: |\n    hunter\n    two'],
    ['in several lines', 'key: hunter\n  two'],
    ['in several lines, in quotes', 'key: "hunter\n  two"'],
    ['in several lines of a map in brackets', 'a: { apiKey: "hunter\n two", model: b }'],
    ['in the next line', 'key:\n  hunter two'],
    ['in a block of its long form', 'key:\n  value: |-\n    hunter\n    # two\n  location: {}'],
    ['in the next line of its long form', 'key:\n  value:\n    hunter two'],
    ['in a block of a header', 'set:\n- name: x-own\n  value: >\n    hunter two'],
    ['in several lines of a header', 'set:\n- name: x-own\n  value: "hunter\n    two"'],
    ['in a block in a list', 'keys:\n- |-\n  [hunter]\n- >-\n  # two'],
    ['with signs that are escaped', 'password: "a\\"hunter"\napiKey: \'a\'\'hunter\'\nb: { key: "\\"two" }'],
    ['in a list in brackets', '{ keys: ["]", "\\"hunter", \'two\', hunter two], a: b }'],
    ['behind a comment', 'key:\n# what it is for\n  hunter two'],
    ['in a list behind a comment', 'keys:\n# Ann\n- virtual: hunter\n  # Bob\n- two'],
    [
      'in pretty JSON',
      '{\n  "keys": [\n    {\n      "vkey": "hunter",\n      "metadata": {}\n    },\n    "two"\n  ]\n}',
    ],
    ['in a password file that stands in the config', 'htpasswd: |\n  hunter:two\n  a:b'],
  ])('%s', (_, text) => {
    expect(masked(text)).not.toMatch(/hunter|two/)
  })
})

it.each([
  'keys:\n  - { key: $A, metadata: { team: research } }\n  - metadata:\n      team: research\n    allowedModels:\n    - gpt-4o',
  'keys:\n- allowedModels: [gpt-4o]\n  metadata: { name: research }\nport: 3000',
  'keys:\n  - keyHash: "sha256:1a2b"\n    metadata: { name: "a: b" }',
  'key:\n  file: openai.key\nmodel: gpt-4o',
  'apiKey:\n  mode: strict\n  location:\n    header: { name: x-key }',
  'authorization:\n  rules:\n    - request.path == "/"',
  'authorization:\n  rules:\n  # anyone\n  - request.path == "/"',
  'tokens: 1000\nmaxTokens: 4096\nfillInterval: 1s',
  'secrets:\n  OPENAI_API_KEY:\n    keychain: { service: agw }',
  'text: |\n  keys:\n    - this is prose\nport: 1',
  'apiKey: $OPENAI_API_KEY\nkeys: [*all]\nother: {}',
  '{\n  "keys": [\n    {\n      "metadata": {\n        "team": "research"\n      }\n    }\n  ]\n}',
])('what is none is shown', text => {
  expect(masked(text)).toBe(text)
})

it('a frame knows what stands above it', () => {
  const text = 'apiKey:\n  keys:\n    - key: |\n        hunter\n        two\n'
  const lines = new LineIndex(text)
  const at = text.indexOf('two')
  const shown = codeFrame(lines, lines.range(at, at + 3))
  expect(shown.map(line => line.text)).toEqual(['        ********', '        ********'])
})
