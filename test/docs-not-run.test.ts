import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { configJsonSchema } from '../src/config/json-schema.ts'
import type { Config } from '../src/config/schema.ts'
import { findUnsupported } from '../src/gateway/supported/config.ts'
import { ROOT } from './helpers/agw.ts'

type Place = readonly [names: readonly string[], config: (name: string) => unknown]

interface Schema {
  readonly $ref?: string
  readonly properties?: object
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
}

const schema: Schema = configJsonSchema()
const definitions = configJsonSchema()['definitions'] as Readonly<Record<string, Schema>>

/** The keys that a part of the format has, in whatever form it is written. */
function keysOf({ $ref, properties = {}, anyOf = [], oneOf = [] }: Schema): string[] {
  if ($ref !== undefined) return keysOf(named($ref.replace('#/definitions/', '')))
  return [...new Set([...Object.keys(properties), ...[...anyOf, ...oneOf].flatMap(keysOf)])]
}

function named(name: string): Schema {
  const found = definitions[name]
  if (found === undefined) throw new Error(`the schema has no definition ${name}`)
  return found
}

const MESH =
  /^(xds|ca[AT]|localXds|spiffe|namespace|gateway|trust|additionalTrust|skipValidateTrust|serviceAcc|clusterId|network|hbone)/

const routeWith = (policies: object): unknown => ({ routes: [{ policies }] })
const backendWith = (backend: object): unknown => ({ routes: [{ backends: [backend] }] })
const guardWith = (guard: object): unknown => ({ llm: { policies: { guardrails: { request: [guard] } } } })

/** What the list calls a part of the format → the names that may stand behind it, and a config with one of them. */
const PLACES: Readonly<Record<string, Place>> = {
  'the file': [keysOf(schema), name => ({ [name]: name === 'binds' ? [] : [{}] })],
  '`config`': [
    keysOf(named('StaticConfig')).filter(name => !MESH.test(name) && name !== 'tracing'),
    name => ({ config: { [name]: {} } }),
  ],
  '`frontendPolicies`': [keysOf(named('FrontendPolicies')), name => ({ frontendPolicies: { [name]: {} } })],
  'policies of routes': [keysOf(named('RoutePolicies')), name => routeWith({ [name]: {} })],
  'policies of backends': [
    keysOf(named('BackendPolicies')),
    name => backendWith({ policies: { [name]: {} } }),
  ],
  backends: [keysOf(named('RouteBackend')), name => backendWith({ [name]: name === 'invalid' ? null : {} })],
  '`backendAuth`': [
    keysOf(named('BackendAuth')),
    name => backendWith({ policies: { backendAuth: { [name]: {} } } }),
  ],
  guards: [keysOf(named('RequestGuard')), name => guardWith({ [name]: {} })],
}

const page = readFileSync(join(ROOT, 'docs/differences.md'), 'utf8')
const section = page.split('## What is not run')[1]?.split('\n## ')[0] ?? ''
const rows = [...section.matchAll(/^- (.+?): (.+(?:\n {2}.+)*)/gm)]

it('the page of differences has each place where something is not run', () => {
  expect(rows.map(([, place]) => place)).toEqual(Object.keys(PLACES))
})

it.each(rows.map(([, place = '', names = '']) => ({ place, names })))(
  'what is not run in $place is on the page, and nothing else',
  ({ place, names }) => {
    const [all, config] = PLACES[place] ?? [[], () => ({})]
    const unrun = all.filter(name => findUnsupported(config(name) as Config).length > 0)
    const told = [...names.matchAll(/`(.+?)`/g)].map(([, name]) => name)
    expect(told.toSorted()).toEqual(unrun.toSorted())
  },
)
