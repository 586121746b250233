import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { configJsonSchema } from '../../src/config/json-schema.ts'
import { configSchema } from '../../src/config/schema.ts'
import { hasCompat, publicConfigs, WITHOUT_COMPAT } from '../helpers/compat.ts'

const schema = configJsonSchema()
const fits = new Ajv({ strict: false, validateFormats: false, logger: false }).compile(schema)

type Schema = Record<string, unknown>

/** The places of keys of which nothing is said: neither at the key nor at the definition that it refers to. */
function mute(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return []
  const properties = Object.entries((value as { properties?: Record<string, Schema> }).properties ?? {})
  const silent = properties.filter(([, one]) => {
    const definition = String(one['$ref']).replace('#/definitions/', '')
    const told =
      one['$ref'] === undefined ? one : (schema['definitions'] as Record<string, Schema>)[definition]
    return typeof told?.['description'] !== 'string'
  })
  const below = Object.entries(value).flatMap(([key, one]) => mute(one, `${path}/${key}`))
  return [...silent.map(([key]) => `${path}/${key}`), ...below]
}

describe('the JSON Schema for editors', () => {
  it('is of a draft that editors read, and describes every section', () => {
    expect(schema).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      title: expect.any(String),
    })
    const sections = schema['properties'] as Record<string, { description?: string }>
    expect(Object.keys(sections)).toEqual(
      expect.arrayContaining(['binds', 'gateways', 'routes', 'llm', 'mcp', 'config']),
    )
    expect(JSON.stringify(sections['binds'])).toContain('description')
  })

  it('has words for every key, where editors look for them', () => {
    expect(mute(schema)).toEqual([])
  })

  it.each<[string, unknown]>([
    ['a port', { binds: [{ port: 3000, listeners: [] }] }],
    ['a variable for a port', { binds: [{ port: '$PORT', listeners: [] }] }],
    ['a variable for a switch', { config: { enableIpv6: '${IPV6:-false}' } }],
    ['a variable for a word', { binds: [{ port: 1, listeners: [{ protocol: '$PROTOCOL', routes: [] }] }] }],
  ])('takes %s', (_, data) => {
    expect(fits(data), JSON.stringify(fits.errors)).toBe(true)
  })

  it.each<[string, unknown]>([
    ['an unknown key', { bindz: [] }],
    ['text for a port', { binds: [{ port: '3000', listeners: [] }] }],
    ['an unknown word', { binds: [{ port: 1, listeners: [{ protocol: 'HTTQ', routes: [] }] }] }],
    ['a missing key', { binds: [{ port: 3000 }] }],
  ])('refuses %s', (_, data) => {
    expect(fits(data)).toBe(false)
  })

  it.skipIf(!hasCompat)(hasCompat ? 'refuses nothing that agw takes' : WITHOUT_COMPAT, () => {
    const wrong = publicConfigs().filter(({ data }) => configSchema.safeParse(data).success && !fits(data))
    expect(wrong.map(one => one.file)).toEqual([])
  })
})
