import { expect, it } from 'vitest'
import { readDocument } from '../../src/config/index.ts'
import { keyLike } from '../helpers/keys.ts'

const KEY = keyLike('openai', 'a name')

it.each([
  [
    'OPENAI_APIKEY',
    ['HOME', 'OPENAI_API_KEY'],
    'the variable OPENAI_APIKEY is not set, but OPENAI_API_KEY is',
  ],
  ['OPENAI_API_KYE', ['OPENAI_API_KEY'], 'the variable OPENAI_API_KYE is not set, but OPENAI_API_KEY is'],
  ['GROQ_API_KEY', ['HOME', 'OPENAI_API_KEY'], 'the variable GROQ_API_KEY is not set'],
  ['OPENAI_API_KEY', ['OPENAI_KEY'], 'the variable OPENAI_API_KEY is not set, but OPENAI_KEY is'],
  ['K', ['_'], 'the variable K is not set'],
  ['TEAM', [], 'the variable TEAM is not set'],
  [
    KEY.replaceAll('-', '_'),
    [KEY.replaceAll('-', '_').slice(1)],
    'the variable whose name is not shown here is not set',
  ],
])('$%s, where %j are set', (name, names, message) => {
  const { diagnostics } = readDocument(`a: "$${name}"\n`, { file: 'config.yaml', names: () => names })
  expect(diagnostics.map(one => one.message)).toEqual([message])
})
