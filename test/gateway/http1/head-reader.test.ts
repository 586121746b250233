import { expect, it } from 'vitest'
import { HeadReader } from '../../../src/gateway/http1/head-reader.ts'

it('goes past all the empty lines in front of a head at once: one after the other they would cost as much as heads', () => {
  const lines = '\r\n'.repeat(10_000)
  const heads = new HeadReader()
  expect(heads.read(Buffer.from(lines), 0)).toBe(lines.length)
  expect(heads.hasBegun).toBe(false)
  const bytes = Buffer.from(`x${lines}\r`)
  expect(heads.read(bytes, 1)).toBe(bytes.length)
  expect(heads.hasBegun).toBe(false)
  const rest = `\nGET / HTTP/1.1\r\n\r\n`
  expect(heads.read(Buffer.from(rest), 0)).toBe(1)
  expect(heads.read(Buffer.from(rest), 1)).toBe(rest.length)
  expect(heads.head?.url).toBe('/')
})
