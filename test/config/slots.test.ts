import { describe, expect, it } from 'vitest'
import { formatPath } from '../../src/config/diagnostic.ts'
import { GUIDE } from '../helpers/guide.ts'
import { slotsOf } from './slots-of.ts'

const brief = (text: string) =>
  slotsOf(text).map(slot => [slot.name, slot.provider, slot.method, formatPath(slot.path)])

const route = 'binds[0].listeners[0].routes[0]'

describe('every place that holds a provider key is a slot', () => {
  const table: [name: string, text: string, slots: string[][]][] = [
    ['inline', GUIDE.inline, [['openai', 'openAI', 'inline', `${route}.policies.backendAuth.key`]]],
    ['env', GUIDE.env, [['openai', 'openAI', 'env', `${route}.policies.backendAuth.key`]]],
    ['file', GUIDE.file, [['openai', 'openAI', 'file', `${route}.policies.backendAuth.key`]]],
    [
      'nothing gives it a key',
      'binds: [{port: 3000, listeners: [{routes: [{backends: [{ai: {name: a, provider: {openAI: {}}}}]}]}]}]',
      [['a', 'openAI', 'none', `${route}.backends[0].ai.policies.backendAuth.key`]],
    ],
    [
      'on the provider itself, with a place',
      'routes: [{backends: [{ai: {name: az, provider: {azure: {resourceName: r, resourceType: openAI}}, policies: {backendAuth: {key: {value: "$K", location: {header: {name: api-key}}}}}}}]}]\ngateways: {default: {port: 1}}',
      [['az', 'azure', 'env', 'routes[0].backends[0].ai.policies.backendAuth.key.value']],
    ],
    [
      'passthrough',
      'routes: [{backends: [{ai: {name: a, provider: {openAI: {}}}}], policies: {backendAuth: {passthrough: {}}}}]\ngateways: {default: {port: 1}}',
      [['a', 'openAI', 'passthrough', 'routes[0].policies.backendAuth']],
    ],
    [
      'models, the wildcard named after its provider',
      'llm: {port: 1, models: [{name: "*", provider: openAI, params: {apiKey: "$A"}}, {name: c, provider: anthropic, auth: {key: {file: k}}}, {name: g, provider: groq}]}',
      [
        ['openai', 'openAI', 'env', 'llm.models[0].params.apiKey'],
        ['c', 'anthropic', 'file', 'llm.models[1].auth.key'],
        ['g', 'groq', 'none', 'llm.models[2].params.apiKey'],
      ],
    ],
    [
      'a provider that models refer to',
      'llm: {port: 1, providers: [{name: p, provider: openAI, params: {apiKey: "$A"}}], models: [{name: m, provider: {reference: p}}]}',
      [['p', 'openAI', 'env', 'llm.providers[0].params.apiKey']],
    ],
    [
      'groups',
      'backends: [{name: pool, ai: {groups: [{providers: [{name: one, provider: {openAI: {}}, policies: {backendAuth: {key: "$A"}}}, {name: two, provider: {gemini: {}}}]}]}}]',
      [
        ['one', 'openAI', 'env', 'backends[0].ai.groups[0].providers[0].policies.backendAuth.key'],
        ['two', 'gemini', 'none', 'backends[0].ai.groups[0].providers[1].policies.backendAuth.key'],
      ],
    ],
    [
      'a named backend whose route has the key',
      'gateways: {default: {port: 1}}\nroutes: [{backends: [{backend: /b}], policies: {backendAuth: {key: "$A"}}}]\nbackends: [{name: b, ai: {name: x, provider: {openAI: {}}}}]',
      [['x', 'openAI', 'env', 'routes[0].policies.backendAuth.key']],
    ],
    [
      'two of one name',
      'llm: {port: 1, models: [{name: m, provider: openAI, params: {apiKey: "$A"}}, {name: m, provider: openAI, params: {apiKey: "$B"}, matches: [{headers: [{name: x, value: {exact: y}}]}]}]}',
      [
        ['m', 'openAI', 'env', 'llm.models[0].params.apiKey'],
        ['m@llm.models[1].params.apiKey', 'openAI', 'env', 'llm.models[1].params.apiKey'],
      ],
    ],
    [
      'further credentials',
      'backends: [{name: b, host: "h:1", policies: {backendAuth: {credentials: [{location: {header: {name: dd}}, key: {file: f}}]}}}]',
      [['b.credentials.0', '', 'file', 'backends[0].policies.backendAuth.credentials[0].key']],
    ],
  ]
  it.each(table)('%s', (_, text, slots) => {
    expect(brief(text)).toEqual(slots)
  })
})
