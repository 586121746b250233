import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Destination } from '../destination.ts'
import { headersWhere } from '../headers/header-names.ts'
import type { GatewayRequest } from '../http1/gateway-request.ts'

/** RFC 6455 §1.3 */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** 16 bytes. */
const KEY = /^[A-Za-z0-9+/]{22}==$/

/** How OpenAI's clients in browsers send their key, among the protocols that they offer. */
const KEY_PROTOCOL = 'openai-insecure-api-key.'

function valuesOf(headers: readonly string[], wanted: string): string[] {
  return headers.filter((_, i) => i % 2 === 1 && headers[i - 1]?.toLowerCase() === wanted)
}

/** Whether the client asks for a WebSocket, well or not. */
export function offersWebSocket({ upgrade }: IncomingHttpHeaders): boolean {
  return upgrade !== undefined && /\bwebsocket\b/i.test(upgrade)
}

/** Whether a request that offers to become a WebSocket may: it is whole, has no body, and says what it must. */
export function isHandshake({ method, httpVersion, headers, rawHeaders }: GatewayRequest): boolean {
  if (method !== 'GET' || httpVersion !== '1.1') return false
  if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) return false
  const [upgrade, ...others] = valuesOf(rawHeaders, 'upgrade')
  const [key, ...otherKeys] = valuesOf(rawHeaders, 'sec-websocket-key')
  return (
    others.length === 0 &&
    upgrade?.trim().toLowerCase() === 'websocket' &&
    otherKeys.length === 0 &&
    KEY.test(key ?? '')
  )
}

/** What the config may say of them would make no handshake of it. */
const NOT_OFFERED = new Set(['sec-websocket-extensions', 'connection', 'upgrade'])

/**
 * The headers of a handshake that goes upstream. Extensions are not offered: what they compress could not be searched for
 * keys. Where the destination has a key of its own, the client's, among the protocols, stays here.
 */
export function offerOf(headers: readonly string[], { key, passthrough }: Destination): string[] {
  const hasOwnKey = key !== undefined || passthrough !== undefined
  const kept: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    const [name = '', value = ''] = headers.slice(i, i + 2)
    const lower = name.toLowerCase()
    if (NOT_OFFERED.has(lower)) continue
    if (lower !== 'sec-websocket-protocol' || !hasOwnKey) kept.push(name, value)
    else if (withoutKeys(value) !== '') kept.push(name, withoutKeys(value))
  }
  return kept
}

function withoutKeys(protocols: string): string {
  const isKey = (protocol: string): boolean => protocol.trim().toLowerCase().startsWith(KEY_PROTOCOL)
  const offered = protocols.split(',')
  const kept = offered.filter(one => !isKey(one))
  return kept.length === offered.length ? protocols : kept.map(one => one.trim()).join(', ')
}

/** Whether an answer of 101 is to the handshake with this key, and agrees on nothing that was not offered. */
export function isAccepted(headers: readonly string[], key: string): boolean {
  const expected = createHash('sha1')
    .update(key + GUID)
    .digest('base64')
  const upgrades = valuesOf(headers, 'upgrade')
  const accepts = valuesOf(headers, 'sec-websocket-accept')
  return (
    upgrades.length === 1 &&
    upgrades[0]?.trim().toLowerCase() === 'websocket' &&
    accepts.length === 1 &&
    accepts[0]?.trim() === expected &&
    valuesOf(headers, 'sec-websocket-extensions').length === 0
  )
}

/** What the head of a 101 has of its own; a body is none of it. */
const OWN = new Set(['connection', 'upgrade', 'content-length', 'transfer-encoding'])

/** The headers with which the client is told of it. */
export function acceptanceOf(headers: readonly string[]): string[] {
  return [...headersWhere(headers, name => !OWN.has(name)), 'connection', 'Upgrade', 'upgrade', 'websocket']
}
