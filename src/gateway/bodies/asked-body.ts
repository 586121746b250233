import type { Exchange } from '../exchange.ts'
import { jsonOf, readObject } from './json-body.ts'
import { isEncoded, plainBytes } from './plain-body.ts'

type Asked = Record<string, unknown> | undefined

/** By the encoded bytes: expressions look at one body again and again. */
const READ = new WeakMap<Buffer, Asked>()

/**
 * What a request asks of a model, for expressions. One that is encoded is read at once, as they do not wait, and stays as it is:
 * whether its backend takes it so is not known yet.
 */
export function askedOf(exchange: Exchange): Asked {
  const { body } = exchange
  if (body === undefined || !isEncoded(exchange)) return jsonOf(exchange)
  if (!READ.has(body)) {
    const plain = plainBytes(exchange)
    READ.set(body, plain && readObject(plain).object)
  }
  return READ.get(body)
}
