import { expect, it } from 'vitest'
import { keyVariable } from '../../src/setup/key-variable.ts'
import { slotsOf } from '../config/slots-of.ts'

const llm = (models: string) => `llm: {port: 1, models: [${models}]}`
const route = (name: string, provider: string) =>
  `gateways: {default: {port: 1}}\nroutes: [{name: ${name}, backends: [{ai: {name: ${name}, ${provider}}}]}]`
const EXAMPLE = 'params: {baseUrl: "https://llm.example.com/v1"}'

it.each<[string, string, string[]]>([
  ['OpenAI itself', llm('{name: "*", provider: openAI}'), ['OPENAI_API_KEY']],
  ['a provider with a word of its own for it', llm('{name: "*", provider: huggingface}'), ['HF_TOKEN']],
  ['another host', llm(`{name: "*", provider: openAI, ${EXAMPLE}}`), ['LLM_API_KEY']],
  [
    'another host on this machine',
    llm('{name: "*", provider: openAI, params: {baseUrl: "http://127.0.0.1:8000/v1"}}'),
    ['LLM_API_KEY'],
  ],
  [
    'another host that is called openai',
    route('openai', 'provider: {openAI: {}}, hostOverride: "llm.example.com:443"'),
    ['LLM_API_KEY'],
  ],
  [
    'a host that is known',
    route('groq', 'provider: {openAI: {}}, hostOverride: "api.groq.com:443"'),
    ['GROQ_API_KEY'],
  ],
  [
    'a host that only says it is',
    route('groq', 'provider: {openAI: {}}, hostOverride: "llm.example.com:443"'),
    ['LLM_API_KEY'],
  ],
  ['a name of its own', route('mine', 'provider: {openAI: {}}'), ['MINE_API_KEY']],
  [
    'two hosts',
    llm(
      `{name: "*", provider: openAI, ${EXAMPLE}}, {name: "llama-*", provider: openAI, params: {baseUrl: "http://b.example"}}`,
    ),
    ['LLM_API_KEY', 'LLAMA_API_KEY'],
  ],
  ['a model that begins with a digit', llm('{name: 4o, provider: openAI}'), ['KEY_4O_API_KEY']],
])('a key gets the variable that init would give it: %s', (_, text, variables) => {
  expect(slotsOf(text).map(keyVariable)).toEqual(variables)
})
