import { expect, it } from 'vitest'
import { unguardedKeys } from '../../src/gateway/unguarded.ts'
import { runtimeOf } from './kit/config.ts'

const STRICT = 'apiKey: {mode: strict, keys: [{key: agw_sk_0123456789abcdef}]}'
const RULES = 'authorization: {rules: [\'request.headers["x-team"] == "blue"\']}'
const BASIC = `basicAuth: {mode: strict, htpasswd: "ann:{SHA}${'a'.repeat(27)}="}`
const KEY = 'backendAuth: {key: "sk-0123456789abcdef"}'
const AI = 'backends: [{ai: {name: openai, provider: {openAI: {}}}}]'
const config = (ofListener: string, ofRoute: string): string =>
  `binds: [{port: 3000, listeners: [{policies: {${ofListener}}, routes: [{policies: {${ofRoute}}, ${AI}}]}]}]`
const llm = (ofModel: string, ofAll = ''): string =>
  `llm: {port: 3000, policies: {${ofAll}}, models: [{name: gpt-5, provider: openAI, params: {apiKey: "sk-0123456789abcdef"}${ofModel}}]}`

it.each<[what: string, config: string, spent: string[]]>([
  ['no check at all', config('', KEY), ['openai']],
  [
    'a check that lets requests without a key pass',
    config(STRICT.replace('strict', 'optional'), KEY),
    ['openai'],
  ],
  [
    'a check that refuses nobody',
    config('', `${KEY}, ${STRICT.replace('strict', 'permissive')}`),
    ['openai'],
  ],
  ['no key of the gateway', config('', 'backendAuth: {passthrough: {}}'), []],
  ['keys of the listener', config(STRICT, KEY), []],
  ['keys of the route', config('', `${KEY}, ${STRICT}`), []],
  ['passwords', config(BASIC, KEY), []],
  ['rules', config('', `${KEY}, ${RULES}`), []],
  ['a model', llm(''), ['gpt-5']],
  ['a model with rules of its own', llm(`, ${RULES}`), []],
  ['models behind keys', llm('', STRICT), []],
])('keys that everybody can spend: %s', (_, text, spent) => {
  expect(unguardedKeys(runtimeOf(text)).map(({ backend }) => backend)).toEqual(spent)
})
