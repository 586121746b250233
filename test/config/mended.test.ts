import { expect, it } from 'vitest'
import { findingsIn } from './rules/findings-in.ts'

const config = (port: string, top = 'x: 1', gateways = 'gateways'): string => `${top}
${gateways}:
  one: {port: ${port}}
  two: {port: 4000}
  three: {port: 4000}
routes:
- backends: [{host: "localhost:9000"}]
  gateways: [nowhere]
- backends: [{host: "localhost:9000"}]
  gateways: [one]
`

it.each([
  ['a key that is not known', config('1, colour: blue', '#'), ['UNKNOWN_KEY 3', 'PORT_TAKEN 5']],
  ['one at the top', config('1'), ['UNKNOWN_KEY 1', 'PORT_TAKEN 5']],
  // Its place is not that of the key that was meant.
  ['one that is misspelt', config('1', '#', 'gatewayz'), ['UNKNOWN_KEY 2']],
  ['a number in quotes', config('"1"', '#'), ['WRONG_TYPE 3', 'PORT_TAKEN 5']],
  ['one that is taken', config('"4000"', '#'), ['WRONG_TYPE 3', 'PORT_TAKEN 4', 'PORT_TAKEN 5']],
  ['a text in the place of a number', config('abc', '#'), ['WRONG_TYPE 3', 'PORT_TAKEN 5']],
  ['a yes in the place of a number', config('true', '#'), ['WRONG_TYPE 3', 'PORT_TAKEN 5']],
  ['a number that is missing', config('', '#'), ['MISSING_KEY 3', 'PORT_TAKEN 5']],
  ['a host without a port', config('1', 'backends: [{name: a, host: a}]'), ['BAD_HOST 1', 'PORT_TAKEN 5']],
  [
    'a word that is none of a list',
    config('1', 'llm: {models: [{name: a, provider: olama}]}'),
    ['UNKNOWN_VALUE 1', 'PORT_TAKEN 5'],
  ],
  ['a section that lacks a key', config('1', 'binds: [{port: 3000}]'), ['MISSING_KEY 1', 'PORT_TAKEN 5']],
  [
    'a key with nothing behind it',
    config('1', 'binds: [{port: 3000, listeners: }]'),
    ['WRONG_TYPE 1', 'PORT_TAKEN 5'],
  ],
])('%s hides nothing that is found elsewhere', (_, text, found) => {
  expect(findingsIn(text)).toEqual([...found, 'UNKNOWN_GATEWAY 8'])
})

it.each([
  ['a text in the place of a list', config('1', 'binds: here'), ['WRONG_TYPE 1']],
  ['a key of which nobody can tell what lacks beside it', 'gateways: {a: {prt: 1}}\n', ['UNKNOWN_KEY 1']],
])('%s is found alone', (_, text, found) => {
  expect(findingsIn(text)).toEqual(found)
})
