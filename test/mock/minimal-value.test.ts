import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { minimalValue } from '../../src/mock/minimal-value.ts'

const place = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }

/** A schema, and the smallest value for it. */
const CASES: readonly (readonly [title: string, schema: unknown, value: unknown])[] = [
  ['nothing', undefined, 'mock'],
  ['an object without fields', { type: 'object' }, {}],
  [
    'what is required, no more',
    { ...place, properties: { ...place.properties, unit: {} } },
    { city: 'mock' },
  ],
  ['a required field that nothing is said of', { type: 'object', required: ['any'] }, { any: 'mock' }],
  [
    'a field called __proto__',
    { type: 'object', required: ['__proto__'] },
    JSON.parse('{"__proto__":"mock"}'),
  ],
  [
    'fields up to a number',
    { type: 'object', properties: { a: {}, b: {} }, minProperties: 1 },
    { a: 'mock' },
  ],
  ['an object that is not called one', { properties: { a: { type: 'null' } }, required: ['a'] }, { a: null }],
  ['an enum', { type: 'string', enum: ['kelvin', 'celsius'] }, 'kelvin'],
  ['a constant', { const: 7 }, 7],
  ['several types', { type: ['integer', 'null'] }, 0],
  [
    'types in capitals',
    { type: 'OBJECT', properties: { n: { type: 'INTEGER' } }, required: ['n'] },
    { n: 0 },
  ],
  ['true or false', { type: 'boolean' }, false],
  ['a list', { type: 'array', items: { type: 'string' } }, []],
  ['a list of some', { type: 'array', items: { type: 'boolean' }, minItems: 2 }, [false, false]],
  [
    'a list of different ones',
    { type: 'array', prefixItems: [{ type: 'integer' }, { type: 'null' }], minItems: 2 },
    [0, null],
  ],
  ['a least number', { type: 'integer', minimum: 3 }, 3],
  ['a number above another', { type: 'integer', exclusiveMinimum: 3 }, 4],
  ['a number below zero', { type: 'number', maximum: -2.5 }, -2.5],
  ['a number between two', { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 }, 0.5],
  ['a multiple', { type: 'integer', minimum: 11, multipleOf: 5 }, 15],
  ['a whole number that is not below', { type: 'integer', minimum: 0.5 }, 1],
  ['a text of some length', { type: 'string', minLength: 6 }, 'mock..'],
  ['a text of little length', { type: 'string', maxLength: 2 }, 'mo'],
  ['a date', { type: 'string', format: 'date' }, '2026-01-01'],
  ['the first of several', { anyOf: [{ type: 'integer' }, { type: 'null' }] }, 0],
  ['all of several', { allOf: [place, { required: ['unit'] }] }, { city: 'mock', unit: 'mock' }],
  [
    'either beside both',
    { ...place, oneOf: [{ required: ['unit'] }, { required: ['hour'] }] },
    { city: 'mock', unit: 'mock' },
  ],
  [
    'a reference',
    { $defs: { place }, type: 'array', items: { $ref: '#/$defs/place' }, minItems: 1 },
    [{ city: 'mock' }],
  ],
  [
    'a way out of a circle',
    {
      $defs: {
        node: {
          type: 'object',
          required: ['next'],
          properties: { next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } },
        },
      },
      $ref: '#/$defs/node',
    },
    { next: null },
  ],
]

describe('the smallest value that fits', () => {
  const ajv = new Ajv({ strict: false, validateFormats: false, logger: false })
  it.each(CASES)('%s', (_, schema, value) => {
    expect(minimalValue(schema)).toEqual(value)
    const written = JSON.stringify(schema ?? {}).replace(/"(OBJECT|INTEGER)"/g, type => type.toLowerCase())
    expect(ajv.compile(JSON.parse(written))(value)).toBe(true)
  })

  it.each([
    ['a billion elements', { type: 'array', items: {}, minItems: 1e9 }],
    ['a text of a billion letters', { type: 'string', minLength: 1e9 }],
    [
      'a circle without a way out',
      {
        type: 'object',
        required: ['a', 'b'],
        properties: { a: { $ref: '#' }, b: { $ref: '#' } },
      },
    ],
    ['a reference to itself', { $defs: { a: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' }],
    ['a reference to nowhere', { $ref: 'https://example.com/schema.json' }],
  ])('%s ends', (_, schema) => {
    expect(JSON.stringify(minimalValue(schema)).length).toBeLessThan(100_000)
  })
})
