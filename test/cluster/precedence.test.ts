import { describe, expect, it } from 'vitest'
import { exported, GATEWAY } from './exported.ts'

const route = (name: string, matches: string, more = ''): string =>
  `{ ${name === '' ? '' : `name: ${name}, `}matches: [${matches}], ${more}backends: [{ host: "h.example.com:80" }] }`
const routes = (...all: string[]): string => `${GATEWAY}routes: [${all.join()}]\n`
const HEADER = (name: string): string => `{ headers: [{ name: ${name}, value: { regex: ".+" } }] }`
const rival = (index: number, other: string): string[] => [
  `routes[${index}]: it and ${other} fit the same requests, and there the other one of them would come first: tell them apart by path or host name`,
]
const MODELS = 'llm: { models: [{ name: a, provider: openAI }, { name: b, provider: anthropic }] }\n'

describe('which of two routes gets a request', () => {
  const table: [what: string, text: string, left: string[]][] = [
    ['names in the same order', routes(route('a', HEADER('x-a')), route('b', HEADER('x-b'))), []],
    [
      'a name that goes on',
      routes(route('a', HEADER('x-a')), route('a-b', HEADER('x-b'))),
      rival(1, 'routes[0]'),
    ],
    ['capitals', routes(route('a', HEADER('x-a')), route('B', HEADER('x-b'))), rival(1, 'routes[0]')],
    [
      'one name for two',
      routes(route('a', HEADER('x-a')), route('a', HEADER('x-b'))),
      ['routes[0]: a later route has its name, and takes its place'],
    ],
    [
      'a slash at the end',
      routes(route('b', '{ path: { pathPrefix: /a/ } }'), route('a', '{ path: { pathPrefix: /a } }')),
      rival(1, 'routes[0]'),
    ],
    ['other values', routes(route('a', '{ method: GET }'), route('a-b', '{ method: PUT }')), []],
    [
      'other paths',
      routes(route('a', '{ path: { exact: /x } }'), route('a-b', '{ path: { exact: /y } }')),
      [],
    ],
    [
      'other hosts',
      routes(route('a', HEADER('x-a'), 'hostnames: [a.example.com], '), route('a-b', HEADER('x-b'))),
      [],
    ],
    [
      'other listeners',
      `gateways: { default: { port: 1 }, b: { port: 2 } }\nroutes: [${route('a', HEADER('x-a'))}, ${route('a-b', HEADER('x-b'), 'gateways: b, ')}]\n`,
      [],
    ],
    ['models and a path', `${MODELS}${routes(route('web', '{ path: { pathPrefix: /a } }'))}`, []],
    ['models and everything else', `${MODELS}${routes(route('web', '{}'))}`, rival(0, 'llm')],
    ['models and a header', `${MODELS}${routes(route('web', HEADER('x-a')))}`, rival(0, 'llm')],
    ['models and a header that comes first', `${MODELS}${routes(route('api', HEADER('x-a')))}`, []],
  ]
  it.each(table)('is the same there, or said: %s', (_, text, left) => {
    expect(exported(text).left).toEqual(left)
  })
})
