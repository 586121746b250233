import { isIPv6 } from 'node:net'
import type { GatewayRequest } from '../http1/gateway-request.ts'

const LABEL = "[\\w\\-~!$&'()*+,;=]+"
/**
 * RFC 3986 §3.2.2, with or without a port; what is escaped is no name, as in agentgateway. No part of it is empty; the dot of
 * the root has been taken off.
 */
const NAME = new RegExp(`^\\.?${LABEL}(?:\\.${LABEL})*(?::\\d*)?$`)
/** With its zone perhaps, and a port. */
const ADDRESS = /^\[([^[\]]+)\](?::\d*)?$/

/**
 * RFC 9112 §3.2: a host that is none must not be taken for one, here or by those who come after. A target has no
 * fragment: a rule for a path would see it, and those who come after may not. HTTP/1.0 has no transfer codings: who sends
 * one may stand behind something that knows of none (§6.1).
 */
export function isSound({ headers, httpVersionMinor, url }: GatewayRequest): boolean {
  const { host, 'transfer-encoding': coding } = headers
  if (url.includes('#') || (httpVersionMinor === 0 && coding !== undefined)) return false
  return host === undefined || isHost(host)
}

function isHost(text: string): boolean {
  return NAME.test(text) || isIPv6(ADDRESS.exec(text)?.[1] ?? '')
}

/** RFC 9112 §3.2: one `Host`, which HTTP/1.0 may leave out, also where the target names another. */
export function hasItsHosts({ rawHeaders, httpVersionMinor }: GatewayRequest): boolean {
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++
  }
  return hosts === 1 || (hosts === 0 && httpVersionMinor === 0)
}
