import { describe, expect, it } from 'vitest'
import {
  askingPlaces,
  clientEntries,
  entryPlaces,
  findClient,
  findToRotate,
  possiblePlaces,
} from '../../src/clients/index.ts'
import { readDocument } from '../../src/config/index.ts'
import { AgwError } from '../../src/errors.ts'

const read = (text: string) => readDocument(text, { file: 'config.yaml' })
const KEYS = `{ keys: [{ keyHash: "sha256:${'ab'.repeat(32)}", metadata: { name: x } }] }`
const LLM = 'llm:\n  models: [{ name: "*", provider: openAI }]\n'
const ROUTE = '{ name: chat, backends: [] }'

describe('the places of a config where clients', () => {
  const table: [what: string, text: string, asking: string[], entry: string[], possible: string[]][] = [
    ['nothing comes in', 'config: {}\n', [], [], []],
    ['models alone', LLM, [], ['llm'], ['llm']],
    [
      'models at a gateway',
      `gateways: { default: { port: 1 } }\n${LLM}`,
      [],
      ['llm'],
      ['llm', 'gateways.default'],
    ],
    [
      'models beside routes',
      `gateways: { default: { port: 1 } }\nroutes: [${ROUTE}]\n${LLM}`,
      [],
      ['llm', 'gateways.default'],
      ['llm', 'gateways.default', 'routes[0]'],
    ],
    [
      'gateways with listeners, of which one is not for HTTP',
      'gateways:\n  a: { port: 1, listeners: [{ name: one }, { name: two, protocol: TLS, tcpRoutes: [] }] }\n  b: { port: 2, protocol: TCP }\n',
      [],
      ['gateways.a.listeners[0]'],
      ['gateways.a.listeners[0]'],
    ],
    [
      'binds',
      `binds: [{ port: 1, listeners: [{ routes: [${ROUTE}] }, { tcpRoutes: [] }] }]\n`,
      [],
      ['binds[0].listeners[0]'],
      ['binds[0].listeners[0]', 'binds[0].listeners[0].routes[0]'],
    ],
    ['models that ask', `${LLM}  policies: { apiKey: ${KEYS} }\n`, ['llm'], ['llm'], ['llm']],
    [
      'a gateway, a route and a policy that ask; the pages of the gateway are not for clients',
      `gateways: { default: { port: 1, apiKey: ${KEYS} } }\nroutes: [{ name: chat, policies: { apiKey: ${KEYS} } }]\npolicies: [{ name: p, policy: { apiKey: ${KEYS} } }]\nui: { policies: { apiKey: ${KEYS} } }\n`,
      ['gateways.default', 'routes[0]', 'policies[0]'],
      ['gateways.default'],
      ['gateways.default', 'routes[0]', 'policies[0]'],
    ],
  ]
  it.each(table)('%s', (_, text, asking, entry, possible) => {
    const ids = (places: readonly { readonly id: string }[]): string[] => places.map(({ id }) => id)
    const document = read(text)
    expect(document.diagnostics).toEqual([])
    expect(ids(askingPlaces(document))).toEqual(asking)
    expect(ids(entryPlaces(document))).toEqual(entry)
    expect(ids(possiblePlaces(document))).toEqual(possible)
  })

  it('go by the names that the config gives them', () => {
    const places = possiblePlaces(read(`gateways: { main: { port: 1 } }\nroutes: [${ROUTE}]\n`))
    expect(places.map(({ name }) => name)).toEqual(['main', 'chat'])
  })
})

describe('the clients of a config', () => {
  const document = read(`llm:
  models: []
  policies:
    apiKey:
      keys:
        - { keyHash: "sha256:${'AB'.repeat(32)}", metadata: { name: research, team: blue }, allowedModels: [m] }
        - { key: agw_sk_of_this_test_in_the_clear, metadata: { user: alice } }
        - { key: "$NOT_SET" }
        - { keyHash: "sha256:${'cd'.repeat(32)}", metadata: { name: twice } }
        - { keyHash: "sha256:${'ce'.repeat(32)}", metadata: { name: twice } }
`)
  const entries = clientEntries(document)

  it('are told by name, hash, metadata and models', () => {
    expect(
      entries.map(({ name, hash, metadata, models, inClear }) => [
        name,
        hash?.slice(0, 15),
        metadata,
        models,
        inClear,
      ]),
    ).toEqual([
      ['research', 'sha256:abababab', { team: 'blue' }, ['m'], false],
      [undefined, expect.stringMatching(/^sha256:[0-9a-f]{8}$/), { user: 'alice' }, undefined, true],
      [undefined, undefined, {}, undefined, false],
      ['twice', 'sha256:cdcdcdcd', {}, undefined, false],
      ['twice', 'sha256:cececece', {}, undefined, false],
    ])
  })

  it.each([
    ['research', 0],
    ['sha256:abababab', 0],
    [`sha256:${'AB'.repeat(32)}`, 0],
    ['sha256:cdcdcdcd', 3],
  ])('are found by %s', (wanted, index) => {
    expect(findClient(entries, wanted).index).toBe(index)
  })

  it('are rotated where they have one key at a place, be there another of that name elsewhere', () => {
    const key = (letters: string) => `{ keyHash: "sha256:${letters.repeat(32)}", metadata: { name: x } }`
    const two = (more = '') =>
      clientEntries(
        read(
          `gateways: { a: { port: 1, apiKey: { keys: [${key('ab')}${more}] } }, b: { port: 2, apiKey: { keys: [${key('cd')}] } } }\n`,
        ),
      )
    expect(findToRotate(two(), 'x', 'a').place.id).toBe('gateways.a')
    expect(() => findToRotate(two(), 'x')).toThrow(/2 keys go by that name/)
    const three = two(`, ${key('ef')}`)
    for (const [wanted, at] of [['x', 'a'], ['sha256:efefefef']] as const)
      expect(() => findToRotate(three, wanted, at)).toThrow(/x has 2 keys already/)
    expect(findToRotate(three, 'x', 'b').place.id).toBe('gateways.b')
  })

  it('are told by their place where the variable of their key is not set, which leaves them without a hash', () => {
    const key = (name: string) => `{ key: $${name}, metadata: { name: x } }`
    const unset = clientEntries(read(`llm: { policies: { apiKey: { keys: [${key('A')}, ${key('B')}] } } }\n`))
    const keys = 'llm.policies.apiKey.keys'
    expect(() => findClient(unset, 'x')).toThrow(
      expect.objectContaining({
        hint: expect.stringContaining(`${keys}[0], whose variable is not set (older), ${keys}[1]`),
      }),
    )
    expect(() => findToRotate(unset, 'x')).toThrow(
      expect.objectContaining({ hint: `take the older one out of the config first: ${keys}[0]` }),
    )
  })

  it.each([
    ['nobody', 'UNKNOWN_CLIENT', /there is: research, sha256:[0-9a-f]{8}, a key without a name, twice/],
    ['sha256:00000000', 'UNKNOWN_CLIENT', /there is/],
    ['twice', 'USAGE', /by its hash.*sha256:cdcdcdcd \(older\), sha256:cececece \(newer\)$/],
  ])('are not found by %s', (wanted, code, hint) => {
    let error: unknown
    try {
      findClient(entries, wanted)
    } catch (caught) {
      error = caught
    }
    expect(error).toBeInstanceOf(AgwError)
    expect(error).toMatchObject({ code, hint: expect.stringMatching(hint) })
  })
})
