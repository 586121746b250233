import { describe, expect, it } from 'vitest'
import type { Path } from '../../src/config/diagnostic.ts'
import { appendValue, insertValue } from '../../src/config/insert.ts'
import { quoted } from '../../src/config/yaml-text.ts'

const KEY = { keyHash: quoted('sha256:ab'), metadata: { name: quoted('b') } }

describe('appendValue', () => {
  const table: [name: string, before: string, path: Path, after: string][] = [
    [
      'behind the last item, in its column',
      'a:\n  keys:\n    - keyHash: x # first\n      metadata: { name: a }\n\n# tail\nb: 1\n',
      ['a', 'keys'],
      'a:\n  keys:\n    - keyHash: x # first\n      metadata: { name: a }\n    - keyHash: "sha256:ab"\n      metadata:\n        name: "b"\n\n# tail\nb: 1\n',
    ],
    [
      'with dashes below the key',
      'keys:\n- keyHash: x\nb: 1\n',
      ['keys'],
      'keys:\n- keyHash: x\n- keyHash: "sha256:ab"\n  metadata:\n    name: "b"\nb: 1\n',
    ],
    [
      'in brackets',
      'keys: [{ keyHash: x }] # why\n',
      ['keys'],
      'keys: [{ keyHash: x }, { keyHash: "sha256:ab", metadata: { name: "b" } }] # why\n',
    ],
    [
      'in place of empty brackets, in the layout of the file',
      'a:\n  keys: [] # who\n  b: 1\n',
      ['a', 'keys'],
      'a:\n  keys: # who\n  - keyHash: "sha256:ab"\n    metadata:\n      name: "b"\n  b: 1\n',
    ],
    [
      'in empty brackets inside of others',
      'a: { keys: [] }\n',
      ['a', 'keys'],
      'a: { keys: [ { keyHash: "sha256:ab", metadata: { name: "b" } } ] }\n',
    ],
    [
      'in brackets over several lines',
      'keys: [\n  { keyHash: x }, # one\n  { keyHash: y } # two\n]\n',
      ['keys'],
      'keys: [\n  { keyHash: x }, # one\n  { keyHash: y }, # two\n  { keyHash: "sha256:ab", metadata: { name: "b" } }\n]\n',
    ],
    [
      'in brackets that hold a comment alone',
      'a:\r\n  keys: [\r\n    # none yet\r\n  ]\r\n',
      ['a', 'keys'],
      'a:\r\n  keys: [\r\n    # none yet\r\n    { keyHash: "sha256:ab", metadata: { name: "b" } }\r\n  ]\r\n',
    ],
    [
      'in brackets with a comma at the end',
      'keys: [\n  { keyHash: x }, # one\n]\n',
      ['keys'],
      'keys: [\n  { keyHash: x }, # one\n  { keyHash: "sha256:ab", metadata: { name: "b" } },\n]\n',
    ],
    [
      'behind a block scalar',
      'keys:\n  - keyHash: |\n      x\n\nb: 1\n',
      ['keys'],
      'keys:\n  - keyHash: |\n      x\n  - keyHash: "sha256:ab"\n    metadata:\n      name: "b"\n\nb: 1\n',
    ],
    [
      'to a list that is not there yet',
      'a:\n    b:\n        c: 1\n',
      ['a', 'keys'],
      'a:\n    b:\n        c: 1\n    keys:\n      - keyHash: "sha256:ab"\n        metadata:\n            name: "b"\n',
    ],
    [
      'to JSON, as JSON',
      '{\n  "keys": [\n    { "keyHash": "x" }\n  ]\n}\n',
      ['keys'],
      '{\n  "keys": [\n    { "keyHash": "x" },\n    {"keyHash":"sha256:ab","metadata":{"name":"b"}}\n  ]\n}\n',
    ],
    [
      'behind the comments of the last item',
      'a:\n  keys:\n  - keyHash: x\n    # why\n    # metadata: 1\n  # all\n  b: 1\n',
      ['a', 'keys'],
      'a:\n  keys:\n  - keyHash: x\n    # why\n    # metadata: 1\n  - keyHash: "sha256:ab"\n    metadata:\n      name: "b"\n  # all\n  b: 1\n',
    ],
    [
      'below a key that is a number',
      'a:\n  80:\n    keys:\n    - keyHash: x\n',
      ['a', '80', 'keys'],
      'a:\n  80:\n    keys:\n    - keyHash: x\n    - keyHash: "sha256:ab"\n      metadata:\n        name: "b"\n',
    ],
    [
      'with the line ends of Windows',
      'keys:\r\n  - keyHash: x\r\n',
      ['keys'],
      'keys:\r\n  - keyHash: x\r\n  - keyHash: "sha256:ab"\r\n    metadata:\r\n      name: "b"\r\n',
    ],
  ]
  it.each(table)('adds %s', (_, before, path, after) => {
    expect(appendValue(before, path, KEY)).toBe(after)
  })

  it.each([
    ['an anchor that is used elsewhere', 'a: &k [{ keyHash: x }]\nb: *k\n', ['a']],
    ['an alias', 'a: &k [{ keyHash: x }]\nb: *k\n', ['b']],
    ['something that is no list', 'a: text\n', ['a', 'keys']],
  ])('leaves %s alone', (_, text, path) => {
    expect(() => appendValue(text, path, KEY)).toThrow(/cannot (?:add to|edit)/)
  })
})

describe('insertValue', () => {
  const POLICY = { mode: 'strict', keys: [{ keyHash: quoted('sha256:ab') }] }
  const table: [name: string, before: string, path: Path, after: string][] = [
    [
      'a key and what is missing above it',
      'llm:\n  models:\n  - name: m # one\n',
      ['llm', 'policies', 'apiKey'],
      'llm:\n  models:\n  - name: m # one\n  policies:\n    apiKey:\n      mode: strict\n      keys:\n      - keyHash: "sha256:ab"\n',
    ],
    [
      'in brackets',
      'gateways: { default: { port: 4000 } }\n',
      ['gateways', 'default', 'apiKey'],
      'gateways: { default: { port: 4000, apiKey: { mode: strict, keys: [ { keyHash: "sha256:ab" } ] } } }\n',
    ],
    [
      'to JSON, as JSON',
      '{ "llm": { "models": [] } }\n',
      ['llm', 'policies', 'apiKey'],
      '{ "llm": { "models": [], "policies":{"apiKey":{"mode":"strict","keys":[{"keyHash":"sha256:ab"}]}} } }\n',
    ],
    [
      'where the key stands without a value',
      'llm:\n  policies:\n    apiKey: # to come\n  models: []\n',
      ['llm', 'policies', 'apiKey'],
      'llm:\n  policies:\n    apiKey: { mode: strict, keys: [ { keyHash: "sha256:ab" } ] } # to come\n  models: []\n',
    ],
    [
      'where null stands',
      'llm:\n  policies:\n  models: []\n',
      ['llm', 'policies', 'apiKey'],
      'llm:\n  policies: { apiKey: { mode: strict, keys: [ { keyHash: "sha256:ab" } ] } }\n  models: []\n',
    ],
  ]
  it.each(table)('adds %s', (_, before, path, after) => {
    expect(insertValue(before, path, POLICY)).toBe(after)
  })

  it('writes a dollar sign as one, and a variable where it is meant', () => {
    expect(insertValue('a: 1\n', ['b'], { c: 'x$y', d: quoted('$KEY') })).toBe(
      'a: 1\nb:\n  c: x$$y\n  d: "$KEY"\n',
    )
  })
})
