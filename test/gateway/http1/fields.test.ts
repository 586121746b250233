import { type IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { addField, Fields } from '../../../src/gateway/http1/fields.ts'
import { processorMs } from '../../helpers/processor-time.ts'

const empty = (): IncomingHttpHeaders => new Fields() as IncomingHttpHeaders

/** Those of which Node has something to say, and some of which it has not. */
const NAMES =
  'age authorization content-type cookie etag expires from host if-modified-since if-unmodified-since last-modified location max-forwards proxy-authorization referer retry-after server set-cookie user-agent accept x constructor 0 7'.split(
    ' ',
  )

it('joins lines as Node joins them', () => {
  const line = fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom('', 'a', 'b, c', 'ü', '0'))
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), lines => {
      const ours = empty()
      for (const [name, value] of lines) expect(addField(ours, name, value)).toBe(true)
      const theirs = new IncomingMessage(new Socket())
      for (const [name, value] of lines) addWithNode(theirs, name, value)
      expect({ ...ours }).toEqual({ ...theirs.headers })
    }),
  )
})

/** As Node's parser does it for each line of a head. */
function addWithNode(message: IncomingMessage, name: string, value: string): void {
  const { _addHeaderLine } = message as unknown as Record<string, (...args: unknown[]) => void>
  _addHeaderLine?.call(message, name, value, message.headers)
}

it.each(['content-length', 'transfer-encoding'])('has one %s', name => {
  const fields = empty()
  expect(addField(fields, name, '')).toBe(true)
  expect(addField(fields, name, '5')).toBe(false)
  expect(fields[name]).toBe('')
})

it('knows nothing that no client has sent', () => {
  const fields = empty()
  for (const name of Object.getOwnPropertyNames(Object.prototype)) expect(fields[name]).toBeUndefined()
  addField(fields, '__proto__', 'x')
  expect(Object.keys(fields)).toEqual(['__proto__'])
  expect(fields['x']).toBeUndefined()
})

it('takes thousands of the same in no more time than of others', () => {
  const fields = empty()
  const fill = (): void => {
    for (let i = 0; i < 20_000; i++) addField(fields, 'set-cookie', 'a')
    for (let i = 0; i < 20_000; i++) addField(fields, 'x', 'a')
  }
  expect(processorMs(fill)).toBeLessThan(150)
  expect(fields['set-cookie']).toHaveLength(20_000)
})
