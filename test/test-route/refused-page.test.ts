import { expect, it } from 'vitest'
import { pageRefused } from '../../src/test-route/refused-page.ts'

const origin = 'https://page.test'
const preflight = (method: string, headers?: string, asked = 'OPTIONS') => ({
  method: asked,
  path: '/',
  host: 'localhost',
  headers: {
    origin,
    'access-control-request-method': method,
    ...(headers !== undefined && { 'access-control-request-headers': headers }),
  },
})
const told = (more: Record<string, string>) =>
  Object.entries({ 'access-control-allow-origin': origin, ...more }).map(([name, value]) => ({ name, value }))

it.each<[what: string, asked: Parameters<typeof pageRefused>, list: string | undefined]>([
  [
    'all of it allowed',
    [
      preflight('PUT', 'x-a, X-B'),
      told({
        'access-control-allow-methods': 'GET, PUT',
        'access-control-allow-headers': 'x-b,X-A',
      }),
    ],
    undefined,
  ],
  ['no origin', [preflight('GET'), []], 'allowOrigins'],
  [
    'another origin',
    [preflight('GET'), told({ 'access-control-allow-origin': 'https://other.test' })],
    'allowOrigins',
  ],
  ['any origin', [preflight('GET'), told({ 'access-control-allow-origin': '*' })], undefined],
  ['a method that needs no leave', [preflight('POST'), told({})], undefined],
  ['a method that needs leave', [preflight('DELETE'), told({})], 'allowMethods'],
  ['any method', [preflight('DELETE'), told({ 'access-control-allow-methods': '*' })], undefined],
  ['a header that needs leave', [preflight('POST', 'content-type'), told({})], 'allowHeaders'],
  [
    'any header',
    [preflight('POST', 'content-type'), told({ 'access-control-allow-headers': '*' })],
    undefined,
  ],
  [
    'any header, but for the one that a star does not stand for',
    [preflight('POST', 'authorization'), told({ 'access-control-allow-headers': '*' })],
    'allowHeaders',
  ],
  ['no answer', [preflight('DELETE'), undefined], undefined],
  ['no preflight', [preflight('DELETE', undefined, 'GET'), []], undefined],
])('a browser lets a page by what its preflight is told: %s', (_, asked, list) => {
  expect(pageRefused(...asked)).toEqual(list && { origin, list })
})
